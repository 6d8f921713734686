/** What an attack is aimed at. */
export interface Target {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Milliseconds since 1970 at which the attack ends. */
  readonly untilMs: number;
}
