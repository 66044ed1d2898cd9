import { createNoopMeter, diag, type Meter } from '@opentelemetry/api';

/** An instrument that cannot be made records nothing; the others go on. */
export function createInstrument<Instrument>(meter: Meter, create: (meter: Meter) => Instrument): Instrument {
  try {
    return create(meter);
  } catch (error) {
    diag.error('nestjs-file-registry: an instrument could not be made and records nothing', error);
    return create(createNoopMeter());
  }
}
