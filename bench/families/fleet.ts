import type { Family } from "./family";
import { lines, writeFiles } from "./written";

const services = Array.from({ length: 21 }, (_, index) => `s${String(index + 1).padStart(2, "0")}`);

/** 21 Go services of one module with a shared package, on a layer with Debian's Go. */
export const fleet: Family = {
  name: "fleet",
  write: (project) => {
    writeFiles(project, {
      "images/toolchain/Dockerfile": lines(
        "FROM debian:trixie-slim",
        "RUN apt-get update && apt-get install -y --no-install-recommends golang-go ca-certificates \\",
        "    && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/ldconfig/aux-cache",
      ),
      "fleet/go.mod": lines("module fleet", "", "go 1.22"),
      "fleet/shared/shared.go": lines(
        "// Package shared is of all services.",
        "package shared",
        "",
        "// Greeting is what a service answers.",
        'func Greeting(service string) string { return "I am " + service + " of " + Version }',
        "",
        "// Version differs after each change.",
        'const Version = "fleet-0"',
      ),
    });
    for (const service of services) writeFiles(project, filesOf(service));
  },
  changes: {
    service: {
      edits: [
        {
          path: "fleet/services/s07/main.go",
          edit: (text, serial) => text.replace(/number = \d+/, `number = ${serial}`),
        },
      ],
      reaches: ["s07"],
    },
    shared: {
      edits: [{ path: "fleet/shared/shared.go", edit: (text, serial) => text.replace(/fleet-\d+/, `fleet-${serial}`) }],
      reaches: services,
    },
  },
  paths: (layer) =>
    layer === "toolchain"
      ? ["images/toolchain"]
      : [`images/${layer}`, `fleet/services/${layer}`, "fleet/shared", "fleet/go.mod"],
};

function filesOf(service: string): Record<string, string> {
  return {
    [`images/${service}/image.yaml`]: lines("context: fleet"),
    // The cache lets the standard library be compiled once for all of them.
    [`images/${service}/Dockerfile`]: lines(
      "FROM toolchain AS build",
      "WORKDIR /src",
      "COPY go.mod ./",
      "COPY shared/ shared/",
      `COPY services/${service}/ services/${service}/`,
      "RUN --mount=type=cache,target=/cache GOCACHE=/cache CGO_ENABLED=0 GOFLAGS=-trimpath \\",
      `    go build -ldflags "-s -w -buildid=" -o /out/service ./services/${service}`,
      "FROM scratch",
      "COPY --link --from=build /out/service /service",
      'ENTRYPOINT ["/service"]',
    ),
    [`fleet/services/${service}/main.go`]: lines(
      "package main",
      "",
      "import (",
      '\t"fmt"',
      '\t"net/http"',
      "",
      '\t"fleet/shared"',
      ")",
      "",
      "const number = 0",
      "",
      "func main() {",
      '\thttp.HandleFunc("/", func(out http.ResponseWriter, _ *http.Request) {',
      `\t\tfmt.Fprintln(out, shared.Greeting("${service}"), number)`,
      "\t})",
      '\t_ = http.ListenAndServe(":8080", nil)',
      "}",
    ),
  };
}
