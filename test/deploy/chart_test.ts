/**
 * The Helm chart: what it refuses, what it renders, and that this fits the agent.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { checkExample } from "../support/example_config.ts";
import { listen } from "../support/serve.ts";
import { openServeWorkspace } from "../cli/serve_workspace.ts";
import { defaults, onlyOf, refusedValues, renderChart, schema } from "./chart.ts";
import {
  at,
  listAt,
  namesAt,
  readExample,
  referenced,
  secondsToEnd,
  serveLine,
  written,
} from "./examples.ts";

const ini = readExample("helm/config.ini");
const few = {
  image: { repository: "registry.example.com/agent" },
  config: { ini },
  state: { secretName: "agent-state" },
  secrets: { secretName: "agent-secrets" },
};
const all = {
  ...few,
  replicaCount: 3,
  imagePullSecrets: [{ name: "pull" }],
  volume: { storageClassName: "fast" },
  ingress: {
    enabled: true,
    className: "nginx",
    annotations: { "example.com/timeout": "20" },
    host: "hooks.example.com",
    tlsSecretName: "hooks-tls",
  },
  networkPolicy: { enabled: true, from: [{ podSelector: { matchLabels: { app: "ingress" } } }] },
  podAnnotations: { "example.com/scrape": "true" },
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ key: "spot", operator: "Exists" }],
};

const chart = renderChart(all);
const set = onlyOf("StatefulSet", chart);
const pod = at(set, "spec.template.spec");
const container = at(pod, "containers.0");

describe("the values of the chart", () => {
  test("are those of its schema, and no others", () => {
    const compare = (values: unknown, declared: unknown) => {
      const known = namesAt(declared, "properties").filter((name) => name !== "global");
      // What has no declared names may have any.
      if (known.length === 0) return;
      expect(namesAt({ values }, "values")).toEqual(known);
      for (const name of known) compare(at(values, name), at(declared, `properties.${name}`));
    };
    compare(defaults, schema);
  });

  test.each([
    ["nothing but an image and a configuration", few, []],
    ["everything", all, []],
    ["a misspelt name", { replicas: 2 }, ['Unrecognized key: "replicas"']],
    ["a misspelt name inside", { state: { secret: "x" } }, ['state: Unrecognized key: "secret"']],
    ["no pods", { replicaCount: 0 }, [">=1"]],
    ["a number as a text", { replicaCount: "2" }, ["replicaCount: Invalid input"]],
    ["a size that is none", { volume: { size: "1 GB" } }, ["volume.size"]],
    ["a path that is none", { ingress: { path: "hooks" } }, ["ingress.path"]],
  ])("are checked: %s", (_what, values, expected) => {
    const refused = refusedValues(values);
    expect(refused).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(refused[index]).toContain(text);
  });

  test.each([
    ["without an image", { ...few, image: {} }, "image.repository"],
    ["without a configuration", { ...few, config: {} }, "--set-file config.ini=config.ini"],
    ["with several pods and no state to share", { ...few, state: {} }, "state.secretName"],
    [
      "with an ingress for no host",
      { ...few, ingress: { enabled: true } },
      "ingress.host",
    ],
    [
      "with less time to end than the agent may take",
      { ...few, config: { ini: ini.replace("drain_seconds = 30", "drain_seconds = 60") } },
      "terminationGracePeriodSeconds",
    ],
    [
      "with less time than it may take by itself",
      { ...few, config: { ini: "[serve]\n" }, terminationGracePeriodSeconds: 30 },
      "terminationGracePeriodSeconds",
    ],
  ])("are refused %s", (_what, values, expected) => {
    expect(() => renderChart(values)).toThrow(expected);
  });
});

describe("the objects of the chart", () => {
  test("are those that the page names, each once", () => {
    const kinds = chart.objects.map((each) => String(at(each, "kind"))).sort();
    expect(kinds).toEqual([
      ...["Ingress", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "Service"],
      ...["ServiceAccount", "StatefulSet"],
    ]);
    const names = chart.objects.map((each) => `${at(each, "kind")}/${at(each, "metadata.name")}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test("find each other", () => {
    const labels = at(set, "spec.template.metadata.labels");
    const selectors = [
      at(set, "spec.selector.matchLabels"),
      at(onlyOf("PodDisruptionBudget", chart), "spec.selector.matchLabels"),
      at(onlyOf("NetworkPolicy", chart), "spec.podSelector.matchLabels"),
      ...listAt(pod, "topologySpreadConstraints").map((each) =>
        at(each, "labelSelector.matchLabels")
      ),
      ...chart.objects.filter((each) => at(each, "kind") === "Service")
        .map((each) => at(each, "spec.selector")),
    ];
    expect(selectors).toHaveLength(7);
    for (const selector of selectors) expect(labels).toMatchObject(selector as object);
    const services = chart.objects.filter((each) => at(each, "kind") === "Service");
    for (const service of services) {
      expect(at(service, "spec.ports.0.targetPort")).toBe(at(container, "ports.0.name"));
    }
    const names = services.map((each) => at(each, "metadata.name"));
    expect(names).toContain(at(set, "spec.serviceName"));
    const backend = at(
      onlyOf("Ingress", chart),
      "spec.rules.0.http.paths.0.backend.service",
    );
    expect(names).toContain(at(backend, "name"));
    expect(at(backend, "port.name")).toBe(at(services[0], "spec.ports.0.name"));
    expect(at(pod, "serviceAccountName")).toBe(
      at(onlyOf("ServiceAccount", chart), "metadata.name"),
    );
  });

  test("survive a zone, a node and a drain", () => {
    expect(listAt(pod, "topologySpreadConstraints").map((each) => at(each, "topologyKey")))
      .toEqual(["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
    const kept = at(onlyOf("PodDisruptionBudget", chart), "spec.minAvailable");
    expect(kept).toBe(1);
    expect(Number(kept)).toBeLessThan(Number(defaults.replicaCount));
    // With one pod, a budget would keep every node from being drained.
    const alone = renderChart({ ...few, replicaCount: 1, state: {} });
    expect(alone.objects.map((each) => at(each, "kind"))).not.toContain("PodDisruptionBudget");
    expect(alone.notes).toContain("there may be one pod only");
  });

  test("give the pods no rights", () => {
    expect(at(pod, "securityContext")).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(at(container, "securityContext")).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(at(pod, "automountServiceAccountToken")).toBe(false);
  });

  test("mount what they declare, and nothing that everyone can read", () => {
    const mounted = listAt(container, "volumeMounts").map((each) => String(at(each, "name")));
    const declared = [...listAt(pod, "volumes"), ...listAt(set, "spec.volumeClaimTemplates")]
      .map((each) => String(at(each, "name") ?? at(each, "metadata.name")));
    expect(mounted.sort()).toEqual(declared.sort());
    const secrets = listAt(pod, "volumes").filter((each) => at(each, "secret") !== undefined);
    expect(secrets.map((each) => at(each, "secret.defaultMode"))).toEqual([0o440, 0o440]);
  });

  test("put a configuration that is another one into other pods", () => {
    const sum = (text: string) => {
      const found = onlyOf("StatefulSet", renderChart({ ...few, config: { ini: text } }));
      return at(found, "spec.template.metadata.annotations");
    };
    expect(sum(ini)).toEqual(sum(ini));
    expect(sum(ini)).not.toEqual(sum(`${ini}\n`));
    expect(at(onlyOf("Secret", chart), "stringData")).toEqual({ "config.ini": ini });
    const mine = renderChart({ ...few, config: { existingSecret: "mine" } });
    expect(mine.objects.map((each) => at(each, "kind"))).not.toContain("Secret");
    expect(mine.notes).toContain("rollout restart statefulset blue-agent");
    expect(
      listAt(onlyOf("StatefulSet", mine), "spec.template.spec.volumes").map((each) =>
        at(each, "secret.secretName")
      ),
    ).toContain("mine");
  });
});

describe("the pods of the chart", () => {
  test("run the agent with its files where they are mounted", () => {
    const line = serveLine(listAt(container, "args") as readonly string[]);
    expect(line.port).toBe(at(container, "ports.0.containerPort"));
    expect(line.host).toBe("0.0.0.0");
    const places = new Map(
      listAt(container, "volumeMounts").map((each) => [at(each, "name"), at(each, "mountPath")]),
    );
    expect(line.ini).toBe(`${places.get("config")}/config.ini`);
    expect(String(line.state)).toStartWith(`${places.get("state")}/`);
    expect(written(ini, "state", "spool")).toStartWith(`${places.get("state")}/`);
    expect(places.get("secrets")).toBe("/run/secrets");
  });

  test("have a configuration without mistakes, and the secrets that it names", () => {
    expect(checkExample(ini).findings).toEqual([]);
    expect(referenced(ini, "env:")).toEqual(
      listAt(container, "env").map((each) => String(at(each, "name"))),
    );
    const readme = readExample("helm/README.md");
    const made = [...readme.matchAll(/--from-file=(\w[\w.]*)/g)].map(([, name = ""]) => name);
    const authorities = String(written(ini, "state", "ca")).replace("/run/secrets/", "");
    const url = String(at(container, "env.0.valueFrom.secretKeyRef.key"));
    expect(made.sort())
      .toEqual([...referenced(ini, "file:/run/secrets/"), authorities, url].sort());
  });

  test("have time to end, and tell that they do first", () => {
    const { delay, all } = secondsToEnd(ini);
    expect(Number(at(pod, "terminationGracePeriodSeconds"))).toBeGreaterThan(all);
    const looks = Number(at(container, "readinessProbe.periodSeconds")) *
      Number(at(container, "readinessProbe.failureThreshold"));
    expect(delay).toBeGreaterThan(looks);
  });

  test(
    "are asked at paths that the agent has, and are not restarted for PostgreSQL's sake",
    async () => {
      await using space = await openServeWorkspace();
      await using agent = await listen(space);
      const paths = ["startupProbe", "livenessProbe", "readinessProbe"].map((probe) =>
        at(container, `${probe}.httpGet.path`)
      );
      expect(paths).toEqual(["/healthz", "/healthz", "/readyz"]);
      for (const path of paths) {
        const answer = await fetch(`${agent.url}${path}`);
        expect({ path, status: answer.status, text: await answer.text() })
          .toEqual({ path, status: 200, text: path === "/readyz" ? "ready\n" : "ok\n" });
      }
    },
    60_000,
  );
});
