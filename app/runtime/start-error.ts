export type EngineStartErrorCode = 'DATA_DIR_IN_USE' | 'WORKERS_FAILED';

/** The engine cannot start. `message` says what and why, `fix` what to do next; both are for the person who starts it. */
export class EngineStartError extends Error {
  readonly code: EngineStartErrorCode;
  readonly fix: string;

  constructor(code: EngineStartErrorCode, message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineStartError';
    this.code = code;
    this.fix = fix;
  }
}
