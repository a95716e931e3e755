import { type Command, InvalidArgumentError } from "commander";
import { bytesOf } from "../../components/catalog/size";
import { homeAt, root } from "../home";
import { buildingStack, catalogOf, historySourceOf } from "../stack/config-files";
import { environmentOf } from "../stack/environment";
import { installTools } from "../toolchain/install";
import { planTools, serviceTools } from "../toolchain/tools";
import { jsonOption, print, stackOption, toStderr } from "../verb";
import { differenceOf } from "./difference";
import { settingsOf, whyLayer } from "./layer";
import { commitImage } from "./of-commit";
import { commitImageText, differenceText, whyText } from "./print";

interface WhyOptions {
  readonly stack: string;
  readonly json?: true;
  readonly commit?: string;
  readonly platform?: string;
  readonly limit?: number;
}

/** `strata why` */
export function addWhy(program: Command): void {
  program
    .command("why")
    .description(
      "what an image is made of, which commit changed it, who has it; or which image a commit stands for; or what differs between two images",
    )
    .argument("<layer>")
    .argument("[digests...]", "two images of the layer; the first eight digits of each will do")
    .option(...stackOption)
    .option("--commit <commit>", "which image this commit stands for: a branch, a tag, an id")
    .option("--platform <platform>", "with two digests: the platform to compare (the first that both have)")
    .option("--limit <size>", "with two digests: read no more of the layers that differ (500 MB)", toBytes)
    .option(...jsonOption)
    .action(async (layer: string, digests: readonly string[], options: WhyOptions) => {
      if (digests.length !== 0 && digests.length !== 2) throw new Error("give two digests to compare, or none");
      if (digests.length > 0 && options.commit !== undefined) throw new Error("give --commit or two digests, not both");
      await installTools([...planTools, ...serviceTools.filter(({ name }) => name === "regctl")], toStderr);
      process.chdir(root);
      const env = environmentOf(homeAt(), options.stack);
      if (options.commit !== undefined) {
        const { stack, commit } = options;
        const place = settingsOf(stack).placeOf(layer);
        const image = await commitImage(layer, { stack, commit, source: historySourceOf(stack), place }, env);
        return print(options, image, commitImageText(image));
      }
      const catalog = catalogOf(buildingStack(options.stack));
      if (digests.length === 0) {
        const why = await whyLayer(layer, options.stack, catalog, env);
        return print(options, why, whyText(why));
      }
      const place = settingsOf(options.stack).placeOf(layer);
      const [first = "", second = ""] = digests;
      const source = { stack: options.stack, place, catalog };
      const difference = await differenceOf(
        layer,
        source,
        { limit: bytesOf("500 MB"), ...options, digests: [first, second] },
        env,
      );
      print(options, difference, differenceText(difference));
    });
}

function toBytes(text: string): number {
  if (/^\d+(?:\.\d+)? ?(?:kB|MB|GB)$/.test(text)) return bytesOf(text);
  throw new InvalidArgumentError("expected a size such as 500 MB");
}
