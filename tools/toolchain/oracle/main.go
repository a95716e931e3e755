// Command oracle says what BuildKit itself reads for a Dockerfile. Tests hold the project's own reading against it, so
// it shares no code with the project: it runs BuildKit's Dockerfile frontend and its file filter, with no daemon and no
// registry.
//
// It reads requests from stdin, one JSON object a line, and answers each with one JSON line, in order:
//
//	{"dockerfile": "/abs/Dockerfile", "context": "/abs", "arguments": {"K": "v"}, "platform": "linux/amd64",
//	 "onbuild": {"docker.io/library/base:latest": ["COPY . /x"]}}
//
//	{"parents": ["docker.io/library/node:22"], "platforms": {"docker.io/library/node:22": ["linux/amd64"]},
//	 "commands": ["linux/amd64"], "files": [{"path": "a", "mode": "644", "hash": "…"}], "identity": "…"}
//
// In a request:
//   - arguments, platform (default linux/amd64) and onbuild may be left out. Builds run on linux/amd64.
//   - onbuild gives the triggers of an image, by its normalised reference. Nothing else is known of an image.
//
// In an answer:
//   - parents are the references that BuildKit would resolve, of stages the last one needs, normalised and sorted.
//   - platforms are those that each of them is resolved for, and commands those that steps run commands on, sorted.
//   - files are the context's files and symlinks that a step may read, sorted by path: mode is 755 where the owner may
//     execute it, else 644, or "link"; hash is sha256 over the contents, of a link over its target. What a copy leaves
//     out with --exclude is listed nonetheless, for it is sent; and with `**` in a source, all of the folder before it.
//   - identity is sha256 over what is built: the steps and the image's configuration, without the context's files.
//     Dockerfiles with one identity build the same.
//
// What BuildKit refuses is answered with {"error": "…"} and nothing else.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	"google.golang.org/protobuf/proto"
)

type request struct {
	Dockerfile string              `json:"dockerfile"`
	Context    string              `json:"context"`
	Arguments  map[string]string   `json:"arguments"`
	Platform   string              `json:"platform"`
	OnBuild    map[string][]string `json:"onbuild"`
}

type answer struct {
	Parents   []string            `json:"parents"`
	Platforms map[string][]string `json:"platforms"`
	Commands  []string            `json:"commands"`
	Files     []file              `json:"files"`
	Identity  string              `json:"identity"`
}

type file struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Hash string `json:"hash"`
}

func main() {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, end := in.ReadBytes('\n')
		if end != nil && !errors.Is(end, io.EOF) {
			log.Fatal(end)
		}
		if len(strings.TrimSpace(string(line))) > 0 {
			reply, err := read(line)
			if err != nil {
				reply = map[string]string{"error": err.Error()}
			}
			if err := out.Encode(reply); err != nil {
				log.Fatal(err)
			}
		}
		if end != nil {
			return
		}
	}
}

func read(line []byte) (any, error) {
	r := request{Platform: "linux/amd64"}
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	platform, err := platforms.Parse(r.Platform)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(r.Dockerfile)
	if err != nil {
		return nil, err
	}

	ctx := context.Background()
	images := &registry{onBuild: r.OnBuild, asked: map[string][]string{}}
	// As buildkitd has them; with them, --link makes a copy an operation of its own, and a merge.
	caps := pb.Caps.CapSet(pb.Caps.All())
	result, err := dockerfile2llb.Dockerfile2LLB(ctx, text, dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			BuildArgs:      r.Arguments,
			BuildPlatforms: []ocispecs.Platform{{OS: "linux", Architecture: "amd64"}},
		},
		TargetPlatform: &platform,
		MetaResolver:   images,
		LLBCaps:        &caps,
		// Without it, `# check=error=true` would be passed over.
		Warn: func(string, string, string, string, []parser.Range) {},
	})
	if err != nil {
		return nil, err
	}
	definition, err := result.State.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	ops := make([]*pb.Op, len(definition.Def))
	for i, bytes := range definition.Def {
		ops[i] = &pb.Op{}
		if err := ops[i].Unmarshal(bytes); err != nil {
			return nil, err
		}
	}
	config, err := json.Marshal(result.Image)
	if err != nil {
		return nil, err
	}

	steps, contextPaths, err := walkSteps(ops, definition.Def)
	if err != nil {
		return nil, err
	}
	files, err := listFiles(ctx, r, contextPaths)
	if err != nil {
		return nil, err
	}
	parents := slices.AppendSeq([]string{}, maps.Keys(images.asked))
	slices.Sort(parents)
	commands := []string{}
	for _, op := range ops {
		if op.GetExec() != nil {
			p := ocispecs.Platform{OS: op.Platform.OS, Architecture: op.Platform.Architecture, Variant: op.Platform.Variant}
			commands = append(commands, platforms.FormatAll(platforms.Normalize(p)))
		}
	}
	slices.Sort(commands)
	for ref, of := range images.asked {
		slices.Sort(of)
		images.asked[ref] = slices.Compact(of)
	}
	commands = slices.Compact(commands)
	return answer{Parents: parents, Platforms: images.asked, Commands: commands, Files: files, Identity: hash(append([]byte(steps+"\n"), config...))}, nil
}

// registry has every image, and keeps which it was asked for.
type registry struct {
	onBuild map[string][]string

	mutex sync.Mutex
	asked map[string][]string // the platforms, by reference
}

func (r *registry) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.mutex.Lock()
	r.asked[ref] = append(r.asked[ref], platforms.FormatAll(platforms.Normalize(*opt.ImageOpt.Platform)))
	r.mutex.Unlock()

	image := dockerspec.DockerOCIImage{}
	image.Platform = *opt.ImageOpt.Platform
	// An image without a layer would be taken for scratch.
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString(ref)}}
	image.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	image.Config.OnBuild = r.onBuild[ref]
	config, err := json.Marshal(image)
	return ref, "", config, err
}

// walkSteps has one hash over all operations, and what they read from the context, as paths from its root; `/` is
// everything. Each operation comes after all that it needs. The hash leaves out how the context is sent.
func walkSteps(ops []*pb.Op, marshalled [][]byte) (last string, contextPaths []string, err error) {
	hashes := map[string]string{}  // of an operation, by the digest of its bytes
	isContext := map[string]bool{} // by the same
	for i, op := range ops {
		readsContext := func(input int64) bool {
			return input >= 0 && input < int64(len(op.Inputs)) && isContext[op.Inputs[input].Digest]
		}
		for _, action := range op.GetFile().GetActions() {
			if readsContext(action.Input) { // as what is written on
				contextPaths = append(contextPaths, "/")
			}
			if !readsContext(action.SecondaryInput) {
				continue
			}
			source, patterns := action.GetCopy().GetSrc(), action.GetCopy().GetIncludePatterns()
			if len(patterns) == 0 {
				patterns = []string{""}
			}
			for _, pattern := range patterns { // of --parents
				contextPaths = append(contextPaths, path.Join("/", source, pattern))
			}
		}
		for _, mount := range op.GetExec().GetMounts() {
			if readsContext(mount.Input) {
				contextPaths = append(contextPaths, path.Join("/", mount.Selector))
			}
		}

		digest := digest.FromBytes(marshalled[i]).String()
		if source := op.GetSource(); source != nil && strings.HasPrefix(source.Identifier, "local://") {
			isContext[digest] = true
			source.Attrs = nil
		}
		for _, input := range op.Inputs {
			input.Digest = hashes[input.Digest]
		}
		bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(op)
		if err != nil {
			return "", nil, err
		}
		last = hash(bytes)
		hashes[digest] = last
	}
	return last, contextPaths, nil
}

// listFiles walks what a client would send of the context for these paths.
func listFiles(ctx context.Context, r request, paths []string) ([]file, error) {
	files := []file{}
	if len(paths) == 0 {
		return files, nil
	}
	filter := &fsutil.FilterOpt{}
	for i, p := range paths {
		// Following symlinks takes `**` for `*`. All of the folder before it has them all.
		before, _, _ := strings.Cut(p, "**")
		if before != p {
			before = path.Dir(before + "x")
		}
		paths[i] = strings.TrimPrefix(before, "/")
	}
	// BuildKit sorts them, and what is sent depends on the order where two lead through one link.
	slices.Sort(paths)
	if !slices.Contains(paths, "") {
		filter.FollowPaths = paths
	}
	var err error
	if filter.ExcludePatterns, err = ignorePatterns(r); err != nil {
		return nil, err
	}
	root, err := fsutil.NewFS(r.Context)
	if err != nil {
		return nil, err
	}
	sent, err := fsutil.NewFilterFS(root, filter)
	if err != nil {
		return nil, err
	}
	err = sent.Walk(ctx, "/", func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(r.Context, p)
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(at)
			files = append(files, file{Path: p, Mode: "link", Hash: hash([]byte(target))})
			return err
		case info.Mode().IsRegular():
			mode := "644"
			if info.Mode()&0o100 != 0 {
				mode = "755"
			}
			contents, err := os.ReadFile(at)
			files = append(files, file{Path: p, Mode: mode, Hash: hash(contents)})
			return err
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

// ignorePatterns reads the ignore file beside the Dockerfile, or else the context's; even an empty one counts.
func ignorePatterns(r request) ([]string, error) {
	for _, at := range []string{r.Dockerfile + ".dockerignore", filepath.Join(r.Context, ".dockerignore")} {
		if f, err := os.Open(at); err == nil {
			defer f.Close()
			return ignorefile.ReadAll(f)
		}
	}
	return nil, nil
}

func hash(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}
