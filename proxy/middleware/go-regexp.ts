import { RE2JS } from 're2js';

/** Compiles a pattern of Go's syntax (RE2). Throws an Error that names the option where it cannot be read. */
export function compilePattern(option: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new Error(`${option} is no regular expression that can be read: ${detail}`, { cause: error });
  }
}

type Groups = (name: string) => string;

/** Puts groups into a template as Go's `Regexp.Expand` does: `$1`, `${1}`, `$name`, `${name}`, `$$` for a dollar. */
export function expandTemplate(template: string, group: Groups): string {
  return template.replaceAll(
    /\$(?:\$|([\p{L}\p{N}_]+)|\{([\p{L}\p{N}_]+)\})/gu,
    (whole, plain: string | undefined, braced: string | undefined) =>
      whole === '$$' ? '$' : group(plain ?? braced ?? ''),
  );
}

/** Replaces every match as Go's `ReplaceAllString` does; the text itself where nothing matches. */
export function replaceAllMatches(pattern: RE2JS, text: string, template: string): string {
  const matcher = pattern.matcher(text);
  const names = pattern.namedGroups();
  let result = '';
  let end = 0;
  while (matcher.find()) {
    result += text.slice(end, matcher.start());
    // An empty match right behind another one is none.
    if (matcher.end() > end || matcher.start() === 0) {
      result += expandTemplate(template, (name) => {
        const index = /^\d+$/.test(name) ? Number(name) : names[name];
        return index === undefined || index > matcher.groupCount() ? '' : (matcher.group(index) ?? '');
      });
    }
    end = matcher.end();
  }
  return result + text.slice(end);
}
