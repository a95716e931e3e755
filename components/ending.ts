import type * as pulumi from "@pulumi/pulumi";

/** When something has ended, well or not, for those who must know before there is a resource to ask. */
export class Ending {
  readonly promise: Promise<void>;
  private end!: () => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  follow(output: pulumi.Output<unknown>): void {
    // An Output has no public way to learn of a failure.
    const { promise } = output as unknown as { promise: () => Promise<unknown> };
    promise.call(output).then(this.end, this.end);
  }

  /** Of all of them. */
  static async ofAll(outputs: readonly pulumi.Output<unknown>[]): Promise<void> {
    for (const output of outputs) {
      const ending = new Ending();
      ending.follow(output);
      await ending.promise;
    }
  }
}
