/** One malformed, ambiguous or merely unusual piece of HTTP/1, as bytes on a connection. */
export interface Case {
  /** Unique; says what is odd about it. */
  readonly name: string;
  readonly group: string;
  readonly bytes: Buffer;
}

const host = 'Host: app.localhost';
/** What an attacker would like a server to take for a request of its own. */
const smuggled = `GET /smuggled HTTP/1.1\r\n${host}\r\n\r\n`;
const last = '0\r\n\r\n';

/** Bytes as people can read them, in names. */
function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => {
    const known: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };
    return known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

class Corpus {
  readonly cases: Case[] = [];
  readonly #names = new Set<string>();

  add(group: string, name: string, text: string): void {
    const unique = `${group}: ${name}`;
    if (this.#names.has(unique)) throw new Error(`The corpus has "${unique}" twice.`);
    this.#names.add(unique);
    this.cases.push({ name: shown(name), group, bytes: Buffer.from(text, 'latin1') });
  }
}

/** Every control character but CR and LF, and some that are taken for spaces. */
const oddBytes = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).filter((c) => c !== '\r' && c !== '\n'),
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
];

/** The same at every call: generated where a family is regular, picked by hand where attacks were found. */
export function corpus(): readonly Case[] {
  const all = new Corpus();
  contentLengths(all);
  transferCodings(all);
  bothLengths(all);
  chunks(all);
  requestLines(all);
  fieldLines(all);
  hosts(all);
  connections(all);
  pipelines(all);
  heads(all);
  return all.cases;
}

function contentLengths(all: Corpus): void {
  const group = 'Content-Length';
  const values = [
    ...['', ' ', '+5', '-5', '-0', '0x5', '0X5', '05', '000005', '5.0', '5e0', '5 5', '5,5', '5, 5', '5,6', '5,', ',5'],
    ...[
      '5;',
      '"5"',
      "'5'",
      'five',
      '5\t',
      '\t5',
      '5 ',
      '5abc',
      '5\x005',
      '\x005',
      '٥',
      '５',
      '1_0',
      '5%',
      '%35',
      '(5)',
      '5#',
    ],
    ...[
      '9223372036854775807',
      '9223372036854775808',
      '18446744073709551615',
      '18446744073709551616',
      '18446744073709551621',
    ],
    ...[
      '4294967296',
      '4294967301',
      '99999999999999999999999999',
      'NaN',
      'Infinity',
      '5\x0b',
      '5\x0c',
      '5\x85',
      '5\xa0',
    ],
  ];
  for (const value of values) {
    all.add(
      group,
      `POST with "${value}"`,
      `POST /cl HTTP/1.1\r\n${host}\r\nContent-Length: ${value}\r\n\r\nhello${smuggled}`,
    );
  }
  for (const value of ['5', '+5', '0', '05', '']) {
    all.add(
      group,
      `GET with "${value}"`,
      `GET /cl HTTP/1.1\r\n${host}\r\nContent-Length: ${value}\r\n\r\nhello${smuggled}`,
    );
  }
  for (const [first, second] of [
    ['5', '5'],
    ['5', '6'],
    ['6', '5'],
    ['0', '5'],
    ['5', '0'],
    ['5', ''],
    ['', '5'],
    ['5', '+5'],
  ] as const) {
    const fields = `Content-Length: ${first}\r\nContent-Length: ${second}`;
    all.add(
      group,
      `twice: "${first}" and "${second}"`,
      `POST /cl HTTP/1.1\r\n${host}\r\n${fields}\r\n\r\nhello${smuggled}`,
    );
    const apart = `Content-Length: ${first}\r\nX-Between: a\r\ncontent-length: ${second}`;
    all.add(
      group,
      `twice, apart: "${first}" and "${second}"`,
      `POST /cl HTTP/1.1\r\n${host}\r\n${apart}\r\n\r\nhello${smuggled}`,
    );
  }
  const names = [
    'Content-Length ',
    'Content-Length\t',
    ' Content-Length',
    '\tContent-Length',
    'Content_Length',
    'Content.Length',
  ];
  for (const name of [
    ...names,
    'Content-Length\x00',
    'Content-Length\x0b',
    'content-length',
    'CONTENT-LENGTH',
    'Content-Lengt\xa7',
  ]) {
    all.add(group, `the name "${name}"`, `POST /cl HTTP/1.1\r\n${host}\r\n${name}: 5\r\n\r\nhello${smuggled}`);
  }
}

function transferCodings(all: Corpus): void {
  const group = 'Transfer-Encoding';
  const body = `5\r\nhello\r\n${last}`;
  const values = [
    ...[
      'chunked',
      'Chunked',
      'CHUNKED',
      'xchunked',
      'chunkedx',
      'chunke',
      'chunked;',
      'chunked;q=1',
      'chunked; ext',
      '"chunked"',
    ],
    ...[
      'chunked,',
      ',chunked',
      'chunked, identity',
      'identity, chunked',
      'identity',
      'gzip',
      'gzip, chunked',
      'chunked, gzip',
    ],
    ...[
      'chunked, chunked',
      'chunked chunked',
      'chunked,chunked',
      'x, chunked',
      'deflate, chunked',
      'compress',
      '',
      ' ',
      'null',
    ],
    ...[
      'chunked\t',
      '\tchunked',
      '  chunked',
      'chunked  ',
      'chu nked',
      'chun\tked',
      'chunked\\',
      '(chunked)',
      '[chunked]',
      'c%68unked',
    ],
  ];
  for (const value of values) {
    all.add(
      group,
      `"${value}"`,
      `POST /te HTTP/1.1\r\n${host}\r\nTransfer-Encoding: ${value}\r\n\r\n${body}${smuggled}`,
    );
  }
  for (const byte of oddBytes) {
    all.add(
      group,
      `chunked after "${byte}"`,
      `POST /te HTTP/1.1\r\n${host}\r\nTransfer-Encoding: ${byte}chunked\r\n\r\n${body}`,
    );
    all.add(
      group,
      `chunked before "${byte}"`,
      `POST /te HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked${byte}\r\n\r\n${body}`,
    );
  }
  for (const [first, second] of [
    ['chunked', 'chunked'],
    ['chunked', 'identity'],
    ['identity', 'chunked'],
    ['chunked', 'x'],
    ['x', 'chunked'],
    ['', 'chunked'],
  ] as const) {
    const fields = `Transfer-Encoding: ${first}\r\nTransfer-Encoding: ${second}`;
    all.add(
      group,
      `twice: "${first}" and "${second}"`,
      `POST /te HTTP/1.1\r\n${host}\r\n${fields}\r\n\r\n${body}${smuggled}`,
    );
  }
  const names = [
    'Transfer-Encoding ',
    'Transfer-Encoding\t',
    ' Transfer-Encoding',
    'Transfer_Encoding',
    'Transfer.Encoding',
    'Transfer Encoding',
    'Transfer-Encoding\x00',
    'Transfer-Encoding\x0b',
    'TRANSFER-ENCODING',
  ];
  for (const name of names) {
    all.add(group, `the name "${name}"`, `POST /te HTTP/1.1\r\n${host}\r\n${name}: chunked\r\n\r\n${body}${smuggled}`);
  }
  for (const version of ['1.0', '0.9']) {
    all.add(
      group,
      `in HTTP/${version}`,
      `POST /te HTTP/${version}\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${body}${smuggled}`,
    );
  }
  all.add(
    group,
    'folded onto the next line',
    `POST /te HTTP/1.1\r\n${host}\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${body}`,
  );
  all.add(
    group,
    'after a bare LF',
    `POST /te HTTP/1.1\r\n${host}\r\nX-A: b\nTransfer-Encoding: chunked\r\n\r\n${body}`,
  );
  all.add(
    group,
    'after a bare CR',
    `POST /te HTTP/1.1\r\n${host}\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n${body}`,
  );
  all.add(group, 'with GET', `GET /te HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${body}${smuggled}`);
}

function bothLengths(all: Corpus): void {
  const group = 'Content-Length and Transfer-Encoding';
  const codings = [
    'chunked',
    'Chunked',
    'xchunked',
    'identity',
    ' chunked',
    'chunked ',
    '\x0bchunked',
    'chunked\x00',
    'gzip, chunked',
    '',
    '"chunked"',
  ];
  for (const coding of codings) {
    for (const length of ['4', '6', '0', '999']) {
      const fields = [`Content-Length: ${length}`, `Transfer-Encoding: ${coding}`];
      all.add(
        group,
        `CL ${length}, then TE "${coding}"`,
        `POST /both HTTP/1.1\r\n${host}\r\n${fields.join('\r\n')}\r\n\r\n${last}${smuggled}`,
      );
      all.add(
        group,
        `TE "${coding}", then CL ${length}`,
        `POST /both HTTP/1.1\r\n${host}\r\n${fields.toReversed().join('\r\n')}\r\n\r\n${last}${smuggled}`,
      );
    }
  }
  for (const odd of [
    'Transfer-Encoding : chunked',
    'Transfer-Encoding\t: chunked',
    ' Transfer-Encoding: chunked',
    'X: a\nTransfer-Encoding: chunked',
    'X: a\rTransfer-Encoding: chunked',
    'Transfer-Encoding:\n chunked',
    'Transfer-Encoding:\x0bchunked',
    'transfer_encoding: chunked',
  ]) {
    all.add(
      group,
      `CL 6, then "${odd}"`,
      `POST /both HTTP/1.1\r\n${host}\r\nContent-Length: 6\r\n${odd}\r\n\r\n${last}G${smuggled}`,
    );
  }
  all.add(
    group,
    'nominated by Connection',
    `POST /both HTTP/1.1\r\n${host}\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
  );
  all.add(
    group,
    'TE nominated by Connection',
    `POST /both HTTP/1.1\r\n${host}\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n${last}${smuggled}`,
  );
}

function chunks(all: Corpus): void {
  const group = 'chunks';
  const chunked = (body: string): string =>
    `POST /chunks HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  const sizes = [
    ...[
      '5',
      '05',
      '000000000000000005',
      '0000000000000000000000000000000000005',
      '0x5',
      '0X5',
      '+5',
      '-5',
      '5 ',
      ' 5',
      '\t5',
      '5\t',
      '5h',
      '5\x00',
      '\x005',
    ],
    ...[
      '',
      ' ',
      ';',
      '5;',
      '5;a',
      '5;a=b',
      '5;a="b"',
      '5;a="b',
      '5;a="\r\n"',
      '5;a=\rb',
      '5;a=\nb',
      '5;\x00',
      '5; a = b',
      '5 ;a',
      '5\x0b',
      '5,5',
      '5 5',
    ],
    ...[
      'ffffffffffffffff',
      '10000000000000005',
      'fffffffffffffffff',
      '7fffffffffffffff',
      '100000005',
      'five',
      '５',
      '5.0',
      '5_',
      '$5',
      '%35',
    ],
  ];
  for (const size of sizes) all.add(group, `the size "${size}"`, chunked(`${size}\r\nhello\r\n${last}${smuggled}`));
  for (const end of ['\n', '\r', '\r\r\n', '\n\r\n', '\r\n ', '\x0b\r\n', ' \n', '\r\0\n', '\r\n\r\n']) {
    all.add(group, `a size that ends with "${end}"`, chunked(`5${end}hello\r\n${last}${smuggled}`));
    all.add(group, `an extension that ends with "${end}"`, chunked(`5;a${end}hello\r\n${last}${smuggled}`));
    all.add(group, `data that end with "${end}"`, chunked(`5\r\nhello${end}${last}${smuggled}`));
    all.add(group, `a last size that ends with "${end}"`, chunked(`5\r\nhello\r\n0${end}\r\n${smuggled}`));
    all.add(group, `trailers that end with "${end}"`, chunked(`5\r\nhello\r\n0\r\nX-T: a${end}\r\n${smuggled}`));
  }
  all.add(group, 'data longer than their size', chunked(`3\r\nhello\r\n${last}${smuggled}`));
  all.add(group, 'data shorter than their size', chunked(`8\r\nhello\r\n${last}${smuggled}`));
  all.add(group, 'data without an end', chunked(`5\r\nhello${last}${smuggled}`));
  all.add(group, 'no last chunk', chunked('5\r\nhello\r\n'));
  all.add(group, 'a last chunk cut short', chunked('5\r\nhello\r\n0\r\n'));
  all.add(group, 'several zeros', chunked(`5\r\nhello\r\n00000\r\n\r\n${smuggled}`));
  all.add(group, 'an extension of 20,000 bytes', chunked(`5;${'a'.repeat(20_000)}\r\nhello\r\n${last}`));
  all.add(group, 'many small extensions', chunked(`${`1;${'a'.repeat(100)}\r\nx\r\n`.repeat(500)}${last}`));
  for (const trailer of [
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Host: evil',
    'X-Forwarded-For: 1.2.3.4',
    'Authorization: Basic eA==',
    'X-T : a',
    ' X-T: a',
    'X-T',
    ': a',
    'X-T: a\x00b',
    'X-T: a\rb',
    'X-T: a\nX-U: b',
  ]) {
    all.add(group, `the trailer "${trailer}"`, chunked(`5\r\nhello\r\n0\r\n${trailer}\r\n\r\n${smuggled}`));
  }
}

function requestLines(all: Corpus): void {
  const group = 'request line';
  const get = (line: string): string => `${line}\r\n${host}\r\n\r\n${smuggled}`;
  const lines = [
    ...[
      'GET  /a HTTP/1.1',
      'GET /a  HTTP/1.1',
      'GET\t/a\tHTTP/1.1',
      'GET /a HTTP/1.1 ',
      ' GET /a HTTP/1.1',
      'GET /a\tHTTP/1.1',
      'GET /a b HTTP/1.1',
    ],
    ...[
      'GET /a',
      'GET',
      'GET /a HTTP',
      'GET /a HTTP/',
      'GET /a HTTP/1',
      'GET /a HTTP/1.',
      'GET /a HTTP/.1',
      'GET /a HTTP/1.11',
      'GET /a HTTP/01.1',
      'GET /a HTTP/1.01',
    ],
    ...[
      'GET /a HTTP/0.9',
      'GET /a HTTP/1.0',
      'GET /a HTTP/1.2',
      'GET /a HTTP/2.0',
      'GET /a HTTP/3.0',
      'GET /a HTTP/9.9',
      'GET /a http/1.1',
      'GET /a Http/1.1',
      'GET /a HTTPS/1.1',
    ],
    ...[
      'GET /a RTSP/1.0',
      'GET /a ICE/1.0',
      'SOURCE /a ICE/1.0',
      'GET /a HTTP/1.1\x00',
      'GET /a HTTP /1.1',
      'GET /a HTTP/ 1.1',
      'GET /a HTTP/1,1',
      'GET /a HTTP/-1.1',
      'GET /a HTTP/1.1x',
    ],
    ...[
      'get /a HTTP/1.1',
      'Get /a HTTP/1.1',
      'G=T /a HTTP/1.1',
      'G@T /a HTTP/1.1',
      'GET/a HTTP/1.1',
      'GE\x00T /a HTTP/1.1',
      '"GET" /a HTTP/1.1',
      'G\xc9T /a HTTP/1.1',
      'CUSTOM /a HTTP/1.1',
    ],
    ...[
      'CONNECT app.localhost:80 HTTP/1.1',
      'CONNECT / HTTP/1.1',
      'TRACE /a HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'GET * HTTP/1.1',
      'PRI * HTTP/2.0',
      'PRI * HTTP/1.1',
    ],
    ...[
      'GET a HTTP/1.1',
      'GET ?a HTTP/1.1',
      'GET #a HTTP/1.1',
      'GET //a HTTP/1.1',
      'GET ///a HTTP/1.1',
      'GET \\a HTTP/1.1',
      'GET /\\a HTTP/1.1',
      'GET /a#b HTTP/1.1',
      'GET /a?b#c HTTP/1.1',
    ],
    ...[
      'GET http://app.localhost/a HTTP/1.1',
      'GET http://evil/a HTTP/1.1',
      'GET HTTP://app.localhost/a HTTP/1.1',
      'GET http:///a HTTP/1.1',
      'GET http:a HTTP/1.1',
      'GET http:http://evil/a HTTP/1.1',
    ],
    ...[
      'GET https://app.localhost/a HTTP/1.1',
      'GET ftp://app.localhost/a HTTP/1.1',
      'GET file:///etc/passwd HTTP/1.1',
      'GET http://app.localhost HTTP/1.1',
      'GET http://app.localhost?a HTTP/1.1',
      'GET http://app.localhost#a HTTP/1.1',
    ],
    ...[
      'GET http://user@app.localhost/a HTTP/1.1',
      'GET http://app.localhost:80/a HTTP/1.1',
      'GET http://app.localhost:99999/a HTTP/1.1',
      'GET http://app.localhost:x/a HTTP/1.1',
      'GET http://app.localhost\\@evil/a HTTP/1.1',
      'GET @evil/a HTTP/1.1',
      'GET app.localhost:80 HTTP/1.1',
    ],
    ...[
      'GET /../a HTTP/1.1',
      'GET /a/../b HTTP/1.1',
      'GET /a/./b HTTP/1.1',
      'GET /a/%2e%2e/b HTTP/1.1',
      'GET /a/..%2fb HTTP/1.1',
      'GET /a/..%5cb HTTP/1.1',
      'GET /a%00b HTTP/1.1',
      'GET /a%0d%0aX:b HTTP/1.1',
      'GET /a% HTTP/1.1',
      'GET /a%zz HTTP/1.1',
      'GET /a%2 HTTP/1.1',
    ],
    ...[
      'GET /a;b HTTP/1.1',
      'GET /a|b HTTP/1.1',
      'GET /a"b HTTP/1.1',
      'GET /a<b> HTTP/1.1',
      'GET /a{b} HTTP/1.1',
      'GET /a^b HTTP/1.1',
      'GET /a`b HTTP/1.1',
      'GET /a[b] HTTP/1.1',
      'GET /\xc3\xa9 HTTP/1.1',
      'GET /a\xff HTTP/1.1',
      "GET /a'b HTTP/1.1",
    ],
  ];
  for (const line of lines) all.add(group, `"${line}"`, get(line));
  for (const byte of oddBytes) all.add(group, `"${byte}" in the target`, get(`GET /a${byte}b HTTP/1.1`));
  for (const before of ['\r\n', '\r\n\r\n', '\n', '\r', '\n\n', '\r\n'.repeat(20), ' ', '\t', '\x00', '\xef\xbb\xbf']) {
    all.add(group, `"${before.slice(0, 4)}" (${before.length} bytes) before it`, `${before}${get('GET /a HTTP/1.1')}`);
  }
  for (const end of ['\n', '\r', '\r\r\n', '\n\r', '\r\0\n', '\x0b\r\n', ' \r\n', '\r\n\r']) {
    all.add(group, `an end of "${end}"`, `GET /a HTTP/1.1${end}${host}\r\n\r\n${smuggled}`);
  }
  all.add(group, 'HTTP/0.9', 'GET /a\r\n');
  all.add(group, 'a target of 9,000 bytes', get(`GET /${'a'.repeat(9000)} HTTP/1.1`));
  all.add(group, 'a target of 100,000 bytes', get(`GET /${'a'.repeat(100_000)} HTTP/1.1`));
  all.add(group, 'a method of 1,000 bytes', get(`${'A'.repeat(1000)} /a HTTP/1.1`));
  all.add(group, 'TLS on a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
  all.add(group, 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
}

function fieldLines(all: Corpus): void {
  const group = 'field lines';
  const get = (field: string): string => `GET /fields HTTP/1.1\r\n${host}\r\n${field}\r\n\r\n${smuggled}`;
  const fields = [
    ...[
      'X-A : b',
      'X-A\t: b',
      ' X-A: b',
      '\tX-A: b',
      'X-A: b\r\n c',
      'X-A: b\r\n\tc',
      'X-A: b\r\n ',
      'X-A:\r\n b',
      'X-A',
      'X-A b',
      ': b',
      ':',
      '',
      ' : b',
      'X A: b',
      'X-A: b\r\n: c',
    ],
    ...[
      'X-A: b\nX-B: c',
      'X-A: b\rX-B: c',
      'X-A: b\n',
      'X-A: b\r',
      'X-A:b',
      'X-A:',
      'X-A:   b   ',
      'X(A): b',
      'X"A: b',
      'X/A: b',
      'X[A]: b',
      'X{A}: b',
      'X;A: b',
      'X=A: b',
      'X@A: b',
      'X,A: b',
      'X\\A: b',
      'X\xc9: b',
    ],
    ...[
      'X_A: b',
      'X.A: b',
      "X'A: b",
      'X!#$%&*+^`|~: b',
      '__proto__: b',
      'constructor: b',
      'X-A: \xe9',
      'X-A: "b',
      'X-A: b\\',
      'X-Forwarded-For: 1.2.3.4',
      'X_Forwarded_For: 1.2.3.4',
      'X.Forwarded.For: 1.2.3.4',
      'Forwarded: for=1.2.3.4',
    ],
  ];
  for (const field of fields) all.add(group, `"${field}"`, get(field));
  for (const byte of oddBytes) {
    all.add(group, `"${byte}" in a name`, get(`X${byte}A: b`));
    all.add(group, `"${byte}" in a value`, get(`X-A: b${byte}c`));
  }
  all.add(group, 'folded before any field', `GET /fields HTTP/1.1\r\n X-A: b\r\n${host}\r\n\r\n`);
  all.add(group, 'all lines end with LF', `GET /fields HTTP/1.1\n${host}\nX-A: b\n\n${smuggled}`);
  all.add(group, 'the head ends with \\n\\n', `GET /fields HTTP/1.1\r\n${host}\n\n${smuggled}`);
  all.add(group, 'the head ends with \\r\\n\\n', `GET /fields HTTP/1.1\r\n${host}\r\n\n${smuggled}`);
  all.add(group, 'the head ends with \\n\\r\\n', `GET /fields HTTP/1.1\r\n${host}\n\r\n${smuggled}`);
  all.add(group, 'the head ends with \\r\\n\\rX', `GET /fields HTTP/1.1\r\n${host}\r\n\rX${smuggled}`);
  all.add(group, 'the head ends with \\r\\r', `GET /fields HTTP/1.1\r\n${host}\r\r${smuggled}`);
  all.add(group, 'no end', `GET /fields HTTP/1.1\r\n${host}\r\n`);
}

function hosts(all: Corpus): void {
  const group = 'Host';
  const get = (fields: string): string => `GET /host HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`;
  all.add(group, 'none', get(''));
  all.add(group, 'none in HTTP/1.0', 'GET /host HTTP/1.0\r\n\r\n');
  const values = [
    ...[
      '',
      ' ',
      'app.localhost',
      'APP.LOCALHOST',
      'app.localhost.',
      'app.localhost..',
      '.app.localhost',
      'app.localhost:80',
      'app.localhost:',
      'app.localhost:x',
      'app.localhost:-1',
      'app.localhost:99999',
      'app.localhost:80:80',
    ],
    ...[
      'app.localhost,evil',
      'app.localhost, evil',
      'app.localhost evil',
      'app.localhost\tevil',
      'user@app.localhost',
      'app.localhost@evil',
      'app.localhost/evil',
      'app.localhost?evil',
      'app.localhost#evil',
      'app.localhost\\evil',
      'http://app.localhost',
    ],
    ...[
      '[::1]',
      '[::1',
      '::1',
      '[app.localhost]',
      '127.0.0.1',
      '*',
      'app%2elocalhost',
      'app.localhost%00',
      'app.localhost\x00',
      'app.localhost\xe9',
      'app_localhost',
      '"app.localhost"',
      'app.localhost;a',
      'a'.repeat(300),
    ],
  ];
  for (const value of values) all.add(group, `"${value.slice(0, 40)}"`, get(`Host: ${value}\r\n`));
  all.add(group, 'twice the same', get(`${host}\r\n${host}\r\n`));
  all.add(group, 'twice, different', get(`${host}\r\nHost: evil\r\n`));
  all.add(group, 'twice, one empty', get(`${host}\r\nHost:\r\n`));
  all.add(group, 'with a space before the colon', get('Host : app.localhost\r\n'));
  all.add(group, 'folded', get('Host:\r\n app.localhost\r\n'));
  all.add(
    group,
    'absolute target of another host',
    'GET http://evil/ HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n',
  );
}

function connections(all: Corpus): void {
  const group = 'Connection, Upgrade, Expect';
  const get = (fields: readonly string[]): string =>
    `GET /conn HTTP/1.1\r\n${host}\r\n${fields.join('\r\n')}\r\n\r\n${smuggled}`;
  const options = [
    'close',
    'keep-alive',
    'close, keep-alive',
    'X-Forwarded-For',
    'close, X-Forwarded-Host',
    'Host',
    'Upgrade',
    'Authorization',
    'Cookie, Host',
    '',
    ',',
    'close\x00',
    'Transfer-Encoding',
    '"close"',
    'Connection',
  ];
  for (const option of options) all.add(group, `Connection: ${option}`, get([`Connection: ${option}`]));
  const upgrades = [
    'websocket',
    'WebSocket',
    'h2c',
    'h2c, websocket',
    'websocket, h2c',
    'TLS/1.0',
    'HTTP/2.0',
    'x',
    '',
    'websocket\x00',
    'websocket/13',
  ];
  for (const upgrade of upgrades) {
    const fields = [
      'Connection: Upgrade, HTTP2-Settings',
      `Upgrade: ${upgrade}`,
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
    ];
    all.add(group, `Upgrade: ${upgrade}`, get(fields));
    all.add(group, `Upgrade: ${upgrade} without Connection`, get(fields.slice(1)));
  }
  for (const expectation of [
    '100-continue',
    '100-Continue',
    'x',
    '',
    '100-continue, x',
    '200-ok',
    '100-continue\x00',
  ]) {
    all.add(
      group,
      `Expect: ${expectation}`,
      `POST /conn HTTP/1.1\r\n${host}\r\nExpect: ${expectation}\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    );
  }
  all.add(
    group,
    'an upgrade with a body',
    `POST /conn HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
  );
  all.add(
    group,
    'a tunnel with a body',
    `CONNECT app.localhost:80 HTTP/1.1\r\n${host}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  );
  all.add(group, 'Keep-Alive', get(['Keep-Alive: timeout=999999, max=9999999']));
  all.add(group, 'TE: trailers', get(['TE: trailers', 'Connection: TE']));
}

function pipelines(all: Corpus): void {
  const group = 'pipelines';
  const good = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n`;
  const post = (path: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\n${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  all.add(group, 'two requests', good('/1') + good('/2'));
  all.add(group, 'thirty requests', Array.from({ length: 30 }, (_, n) => good(`/${n}`)).join(''));
  all.add(group, 'a body, then a request', post('/1', 'hello') + good('/2'));
  all.add(group, 'a body that looks like a request', post('/1', smuggled) + good('/2'));
  all.add(group, 'a good one, then garbage', `${good('/1')}garbage\r\n\r\n`);
  all.add(
    group,
    'a good one, then a bad one',
    `${good('/1')}GET /2 HTTP/1.1\r\n${host}\r\nContent-Length: +1\r\n\r\nx${smuggled}`,
  );
  all.add(group, 'a bad one, then a good one', `GET /1 HTTP/1.1\r\n${host}\r\nX-A : b\r\n\r\n${good('/2')}`);
  all.add(group, 'close, then more', `GET /1 HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n${good('/2')}`);
  all.add(group, 'HTTP/1.0, then more', `GET /1 HTTP/1.0\r\n${host}\r\n\r\n${good('/2')}`);
  all.add(group, 'HEAD, then more', `HEAD /1 HTTP/1.1\r\n${host}\r\n\r\n${good('/2')}`);
  all.add(group, 'CRLF between', `${good('/1')}\r\n${good('/2')}`);
  all.add(group, 'many CRLF between', `${good('/1')}${'\r\n'.repeat(10)}${good('/2')}`);
  all.add(
    group,
    'one byte too many in a body',
    `POST /1 HTTP/1.1\r\n${host}\r\nContent-Length: 5\r\n\r\nhelloX${good('/2')}`,
  );
  all.add(group, 'a body that never comes', `POST /1 HTTP/1.1\r\n${host}\r\nContent-Length: 500\r\n\r\nhello`);
}

function heads(all: Corpus): void {
  const group = 'size of heads';
  const get = (fields: string): string => `GET /size HTTP/1.1\r\n${host}\r\n${fields}\r\n`;
  for (const size of [1000, 8000, 16_000, 32_000, 64_000, 128_000])
    all.add(group, `a field of ${size} bytes`, get(`X-A: ${'a'.repeat(size)}\r\n`));
  for (const count of [90, 150, 500, 2000, 10_000]) all.add(group, `${count} fields`, get('X-A: b\r\n'.repeat(count)));
  all.add(group, 'a name of 5,000 bytes', get(`${'x'.repeat(5000)}: b\r\n`));
  all.add(group, '1,000 cookies', get(`Cookie: ${Array.from({ length: 1000 }, (_, n) => `c${n}=v`).join('; ')}\r\n`));
}
