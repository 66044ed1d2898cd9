/** Injects the checked options of the module. */
export const RESOLVED_OPTIONS = Symbol('nestjs-file-registry:options');
