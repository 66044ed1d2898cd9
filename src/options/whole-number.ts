import { invalidOption } from './invalid-option.js';

/** The value, if it is a whole number within both limits, which are allowed. @throws InvalidOptionError */
export function wholeNumber(option: string, value: unknown, [min, max]: readonly [number, number]): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    const unit = option.endsWith('Ms') ? ' of milliseconds' : '';
    throw invalidOption(option, `expected a whole number${unit} from ${min} to ${max}`, value);
  }
  return value;
}
