import type { Http2Settings } from './contract.ts';
import { errorCodes, mostFrameBytes, mostWindowBytes, readWord, settingIds } from './frames.ts';
import { streamWindowBytes } from './stream-input.ts';

const settingBytes = 6;
const mostFrameSize = 0xff_ffff;

/** What a SETTINGS frame changes; -1: nothing. Where a setting stands in it twice, the last counts. */
export interface ChangedSettings {
  headerTableSize: number;
  /** The smallest of several: the client's table has lost what did not fit into that (RFC 7541 §4.2). */
  leastHeaderTableSize: number;
  initialWindowSize: number;
}

/** Reads the payload of a SETTINGS frame (RFC 9113 §6.5). Gives an error code where a value may not be. */
export function readSettings(bytes: Buffer, start: number, end: number): ChangedSettings | number {
  const changed: ChangedSettings = { headerTableSize: -1, leastHeaderTableSize: -1, initialWindowSize: -1 };
  if ((end - start) % settingBytes !== 0) return errorCodes.frameSize;
  for (let at = start; at < end; at += settingBytes) {
    const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const value = readWord(bytes, at + 2);
    switch (id) {
      case settingIds.headerTableSize:
        changed.leastHeaderTableSize =
          changed.headerTableSize < 0 ? value : Math.min(changed.leastHeaderTableSize, value);
        changed.headerTableSize = value;
        break;
      case settingIds.enablePush:
      case settingIds.enableConnectProtocol:
        if (value > 1) return errorCodes.protocol;
        break;
      case settingIds.initialWindowSize:
        if (value > mostWindowBytes) return errorCodes.flowControl;
        changed.initialWindowSize = value;
        break;
      case settingIds.maxFrameSize:
        // Frames of ours are never larger than the least that it may be.
        if (value < mostFrameBytes || value > mostFrameSize) return errorCodes.protocol;
        break;
      default:
    }
  }
  return changed;
}

/** What the client is told, by number and value. */
export function ourSettings(settings: Http2Settings): readonly (readonly [id: number, value: number])[] {
  return [
    [settingIds.headerTableSize, settings.maxDecoderTableBytes],
    [settingIds.maxConcurrentStreams, settings.maxConcurrentStreams],
    [settingIds.initialWindowSize, streamWindowBytes],
    [settingIds.maxHeaderListSize, settings.maxHeaderBytes],
    // WebSockets on streams (RFC 8441).
    [settingIds.enableConnectProtocol, 1],
  ];
}
