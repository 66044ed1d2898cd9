import type {
  InvalidRenditionSpecError,
  MadeRendition,
  RenditionMaker,
  RenditionRequest,
} from 'nestjs-file-registry';

type Script = (request: RenditionRequest) => Promise<MadeRendition> | MadeRendition;

/** Makes text of its spec, unless a script says otherwise for the next one, and remembers what it was asked for. */
export class ScriptedMaker implements RenditionMaker {
  readonly requests: RenditionRequest[] = [];
  refusal: InvalidRenditionSpecError | undefined;
  private scripts: Script[] = [];

  check(): void {
    if (this.refusal) throw this.refusal;
  }

  async make(request: RenditionRequest): Promise<MadeRendition> {
    this.requests.push(request);
    const script = this.scripts.shift() ?? (({ spec }) => ({ content: Buffer.from(JSON.stringify(spec)) }));
    return script(request);
  }

  next(...scripts: Script[]): void {
    this.scripts.push(...scripts);
  }

  reset(): void {
    this.requests.length = 0;
    this.scripts = [];
    this.refusal = undefined;
  }

  /** The next one waits until it is told what to answer; its signal ends it as well. */
  nextWaits(): { asked: Promise<RenditionRequest>; answer: (made: MadeRendition) => void } {
    const asked = Promise.withResolvers<RenditionRequest>();
    const answered = Promise.withResolvers<MadeRendition>();
    this.next((request) => {
      asked.resolve(request);
      request.signal.addEventListener('abort', () => answered.reject(request.signal.reason));
      return answered.promise;
    });
    return { asked: asked.promise, answer: answered.resolve };
  }
}
