/** A rule that cannot be used. The message is for the person who wrote it. */
export class RuleError extends Error {
  /** Where in the rule's text the trouble starts, counted from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.name = 'RuleError';
    this.position = position;
  }
}
