import type { PlacedText } from './placed-text.ts';
import { readPlacedToml } from './toml-places.ts';
import { readPlacedYaml } from './yaml-places.ts';

/** By the file's name: `.toml` is TOML, everything else YAML (JSON is YAML too). */
export function readPlaced(text: string, path: string): PlacedText {
  return /\.toml$/i.test(path) ? readPlacedToml(text) : readPlacedYaml(text);
}
