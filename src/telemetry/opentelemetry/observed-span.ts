import {
  type Attributes,
  type Context,
  context,
  diag,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Observation, Outcome } from '../file-registry-telemetry.js';
import { errorTypeAttribute } from './attribute-names.js';

/** A span round work that goes on; what begins within it becomes its child. */
export class ObservedSpan<Result> implements Observation<Result> {
  private readonly span: Span | undefined;
  private readonly context: Context;

  constructor(
    tracer: Tracer,
    name: string,
    options: SpanOptions,
    private readonly describe: (result: Result) => Attributes,
    private readonly measure: (outcome: Outcome<Result>) => void = () => undefined,
  ) {
    this.span = startSpan(tracer, name, options);
    this.context = this.span ? trace.setSpan(context.active(), this.span) : context.active();
  }

  run<Value>(work: () => Value): Value {
    return context.with(this.context, work);
  }

  end(outcome: Outcome<Result>): void {
    try {
      endSpan(this.span, outcome, outcome.result === undefined ? {} : this.describe(outcome.result));
    } finally {
      this.measure(outcome);
    }
  }
}

/** Without a span the work is measured all the same. */
function startSpan(tracer: Tracer, name: string, options: SpanOptions): Span | undefined {
  try {
    return tracer.startSpan(name, options);
  } catch (error) {
    diag.error('nestjs-file-registry: a span could not be started', error);
    return undefined;
  }
}

function endSpan(
  span: Span | undefined,
  { error, errorType }: Outcome<unknown>,
  attributes: Attributes,
): void {
  if (span === undefined) {
    return;
  }
  span.setAttributes(attributes);
  if (errorType !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    span.setAttribute(errorTypeAttribute, errorType);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}
