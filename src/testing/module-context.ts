import { OutboxProcessor } from '../outbox/outbox-processor.js';

/** An application, a testing module or anything else of Nest that gives providers. Nest's own types are not needed for it. */
export interface ModuleContext {
  get(token: typeof OutboxProcessor, options: { readonly strict: false }): unknown;
}

/** The processor of the registry in an application. @throws Error where there is no `FileRegistryModule` in it. */
export function processorOf(context: ModuleContext | OutboxProcessor): OutboxProcessor {
  if (context instanceof OutboxProcessor) return context;
  try {
    return context.get(OutboxProcessor, { strict: false }) as OutboxProcessor;
  } catch (cause) {
    throw new Error(
      'There is no file registry in this application. Import FileRegistryModule, and pass the application or the ' +
        'testing module after it was initialised.',
      { cause },
    );
  }
}
