export type OperationErrorCode = 'NOT_FOUND' | 'CONFLICT' | 'INVALID' | 'FORBIDDEN' | 'RATE_LIMITED' | 'UNAVAILABLE';

/** An expected failure of an operation. It crosses to clients as it is; everything else becomes "internal error" there. */
export class OperationError extends Error {
  readonly code: OperationErrorCode;
  /** `reason` is a stable word for the UI, such as `HOST_TAKEN`; the rest are the values in the sentence. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(
    code: OperationErrorCode,
    message: string,
    details: Record<string, string | number> & { reason: string },
  ) {
    super(message);
    this.name = 'OperationError';
    this.code = code;
    this.details = details;
  }
}
