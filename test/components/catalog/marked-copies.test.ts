import assert from "node:assert/strict";
import { readLines } from "../../../components/catalog/dockerfile/lines";
import { markedCopies } from "../../../components/catalog/dockerfile/marked-copies";

const mark = "--exclude=.constant-timestamps-0a";

/** In its normal form, as it is staged. */
const normal = (text: string) => readLines(text, "Dockerfile", () => {}).text;

describe("copies of an image whose times are constant", () => {
  const cases: [what: string, before: string, after: string][] = [
    ["with flags", "FROM a\nCOPY --link --from=b / /\n", `FROM a\nCOPY ${mark} --link --from=b / /\n`],
    ["in lower case, and indented", "FROM a\n  copy a /\n", `FROM a\ncopy ${mark} a /\n`],
    ["over several lines", "FROM a\nCOPY \\\n  a /\n", `FROM a\nCOPY ${mark} \\\n  a /\n`],
    ["as JSON", 'FROM a\nCOPY ["a", "/"]\n', `FROM a\nCOPY ${mark} ["a", "/"]\n`],
    ["that leave out something", "FROM a\nCOPY --exclude=x . /\n", `FROM a\nCOPY ${mark} --exclude=x . /\n`],
    [
      "with another escape character",
      "# escape=`\nFROM a\nCOPY `\n  a /\n",
      `# escape=\`\nFROM a\nCOPY ${mark} \`\n  a /\n`,
    ],
  ];
  for (const [what, before, after] of cases) {
    it(`are marked ${what}`, () => assert.equal(markedCopies(normal(before), "0a"), after));
  }

  it("are the only thing that is", () => {
    const text =
      "FROM a AS copy\nRUN <<EOF\nCOPY a /\nEOF\nRUN echo \\\n  && echo \\\nCOPY\nADD a /\nONBUILD COPY a /\n";
    assert.equal(markedCopies(normal(text), "0a"), normal(text));
  });
});
