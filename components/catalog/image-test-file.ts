import { z } from "zod";

const text = z.string({ error: "expected text; put a number in quotes" });
const matches = text
  .min(1)
  .describe(
    "An extended regular expression (grep -E) that a line of it must match; (?: ) and \\d are not among those.",
  );

const commandSchema = z
  .strictObject({
    name: text.min(1).optional().describe("What it tests, in a few words. The command itself by default."),
    run: text.min(1).describe("A command of the image's /bin/sh."),
    output: text
      .optional()
      .describe("All that it must print, on standard output and standard error, without the newlines at its end."),
    matches: matches.optional(),
    exitCode: z.int().min(0).max(255).optional().describe("0 by default."),
  })
  .describe("A command, and what must come of it.");

const fileSchema = z
  .strictObject({
    exists: z.boolean().optional().describe("false for what must not be there; true by default."),
    mode: text
      .regex(/^[0-7]{4}$/, 'expected four octal digits in quotes: "0644"')
      .optional()
      .describe("Four octal digits."),
    owner: text
      .regex(/^[^:\s]+:[^:\s]+$/, "expected a user and a group: root:root, or 1001:1001")
      .optional()
      .describe("User and group, by their names or by their numbers."),
    matches: matches.optional(),
  })
  .refine((file) => file.exists !== false || Object.keys(file).length === 1, {
    error: "what must not be there has no mode, owner or contents; remove them",
  })
  .describe("A file or a folder, of which symbolic links are followed.");

const number = z.int("expected a number").min(0).optional();
const userSchema = z
  .strictObject({
    uid: number,
    gid: number,
    home: text.optional(),
    shell: text.optional(),
  })
  .describe("A user, as /etc/passwd has it.");

const portSchema = z
  .strictObject({
    run: text.min(1).describe("A command of the image's /bin/sh that does not end and opens the port."),
    within: z.int().min(1).max(600).optional().describe("Seconds until it is open; 10 by default."),
  })
  .describe("A TCP port that a command opens.");

const absolute = text.regex(/^\/[^\n]*$/, "expected a path that begins with /");
const portNumber = z.string().regex(/^[1-9]\d{0,4}$/, "expected a port's number");

/** What a file of `images/<name>/tests` may say. */
export const testFileSchema = z
  .strictObject({
    as: text
      .regex(/^[\w.-]+(?::[\w.-]+)?$/, "expected a user, with a group where it needs one: root, 1001:1001")
      .optional()
      .describe("The user that the tests of this file run as. The image's own by default."),
    network: z.boolean().optional().describe("Whether they have the builder's network. They have none by default."),
    slow: z.boolean().optional().describe("Whether they run only where strata:tests is all."),
    files: z.record(absolute, fileSchema).optional(),
    users: z.record(text.regex(/^[\w.-]+$/, "expected a user's name"), userSchema).optional(),
    commands: z.array(commandSchema, { error: "expected a list of commands, each with run" }).min(1).optional(),
    ports: z.record(portNumber, portSchema).optional(),
  })
  .describe("Tests that run in the built image, and in every image above it.");

export type TestFile = z.infer<typeof testFileSchema>;

/** How many tests a file has: one for each file, user, command and port. */
export function countOf({ files = {}, users = {}, commands = [], ports = {} }: TestFile): number {
  return [files, users, commands, ports].reduce((sum, tests) => sum + Object.keys(tests).length, 0);
}
