import { expect, it } from 'vitest';
import { jsonText } from '../../../src/cli/output/json-text.js';

it('is indented, ends in a line end, and leaves out what is undefined', () => {
  expect(jsonText({ ok: true, versions: [{ module: 'ex.test/m', cause: undefined }] })).toBe(
    '{\n  "ok": true,\n  "versions": [\n    {\n      "module": "ex.test/m"\n    }\n  ]\n}\n',
  );
});
