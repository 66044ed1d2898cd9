export { cropTo } from './crop-to.js';
export type { FocalPoint } from './focal-point.js';
export { sharpMaker } from './sharp-maker.js';
export type { QualityOptions, SharpMakerOptions } from './sharp-maker-options.js';
