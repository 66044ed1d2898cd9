/** Provided with any value in an application whose processor is driven by whoever booted it: its schedule does not begin. */
export const NO_SCHEDULE = Symbol('nestjs-file-registry:no-schedule');
