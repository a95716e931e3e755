import { adviceOnPins } from "../../components/catalog/pins/dropped";
import { type LocksSource, surveyLocks, writeChanges } from "./pins";

/** How many times. Mirrors behind one name that differ would go on for ever, each having dropped what another one has. */
const rounds = 2;

/**
 * Runs an update, and where it fails because an archive has moved on from the locks, writes them anew and runs it again. Upstreams stay
 * as they are pinned.
 *
 * @param update throws an Error of which the message has what the step that failed printed
 * @param source where the locks are, asked when it is needed
 * @param tell what is done about it, in a sentence
 * @throws what the update throws, for all else, where no lock could be written anew, and when that has not helped twice
 */
export async function withPresentPackages<T>(
  update: () => Promise<T>,
  source: () => LocksSource,
  tell: (text: string) => void,
): Promise<T> {
  for (let round = 0; ; round++) {
    try {
      return await update();
    } catch (error) {
      if (round === rounds || adviceOnPins((error as Error).message) === undefined) throw error;
      tell("The archive has moved on from the locks of packages, which are resolved anew, as by strata pins --write.");
      const { changes } = await surveyLocks(source());
      if (changes.length === 0) throw error;
      writeChanges(changes);
      const files = changes.map(({ file }) => file).join(", ");
      tell(`Wrote ${files}: git diff shows what moved; commit it, so that everybody builds the same.`);
    }
  }
}
