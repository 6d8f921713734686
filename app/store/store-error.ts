export type StoreErrorCode =
  | 'DATA_DIR_UNUSABLE'
  | 'DATA_DIR_READ_ONLY'
  | 'DISK_FULL'
  | 'DATABASE_NEWER'
  | 'DATABASE_FOREIGN'
  | 'DATABASE_BUSY';

/** The store cannot be opened. `message` says what and why, `fix` what to do; both are for the person who starts it. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly fix: string;

  constructor(code: StoreErrorCode, message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
    this.fix = fix;
  }
}
