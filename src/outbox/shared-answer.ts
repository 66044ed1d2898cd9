/** A question that many ask at about the same time and that is asked once for all of them. */
export class SharedAnswer<Answer> {
  private asking: Promise<Answer> | undefined;
  private last: { readonly answer: Answer; readonly at: number } | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {}

  /** An answer no older than so, or a new one; while one is awaited everybody waits for that one. Failures are not kept. */
  async get(maxAgeMs: number): Promise<Answer> {
    if (this.last !== undefined && performance.now() - this.last.at < maxAgeMs) {
      return this.last.answer;
    }
    this.asking ??= this.askAnew();
    return this.asking;
  }

  private async askAnew(): Promise<Answer> {
    const at = performance.now();
    try {
      const answer = await this.ask();
      this.last = { answer, at };
      return answer;
    } finally {
      this.asking = undefined;
    }
  }
}
