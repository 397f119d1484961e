/**
 * Checks a folder of tenants as `agent serve --configs` reads it. Nothing is sent.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { AgentError, ConfigError, errorCode, formatFinding } from "../base/errors.ts";
import { mapOrdered } from "../base/iteration.ts";
import type { Config } from "../config/config.ts";
import { tenantLog } from "../logging/tenant.ts";
import { readCertificate } from "./certificate.ts";
import { checkLoaded, type CheckResult, checkSections } from "./check.ts";
import { loadConfig, loadListenerSettings, withConfig } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { listenerFile, readTenantFolder, type TenantFile } from "./tenant_files.ts";
import { checkTenant, tenantContext } from "./tenant_rules.ts";

/** What checking a file of the folder, or one of its sections, came to. */
export interface FileCheck extends Omit<CheckResult, "section"> {
  /** The name of the file in the folder; blank for the folder itself. */
  readonly file: string;
  /** Null for the file as a whole. */
  readonly section: string | null;
}

/** What is to be checked, and how `agent serve --configs` would be started. */
export interface TenantChecks {
  /** Folder of the configuration files, absolute. */
  readonly folder: string;
  /** Folder in which each tenant has one for its state, absolute. */
  readonly stateFolder: string;
  /** The address to listen on. */
  readonly host: string;
  /** Whether no secrets are fetched and no requests sent. */
  readonly isFileOnly: boolean;
}

/** Tenants that are checked at once: each asks its instance of Oomnitza and its sources. */
const checkWidth = 8;

/** Checks the file of the listener, and that of each tenant. What is wrong with one is in its result. */
export async function checkTenants(app: AppContext, checks: TenantChecks): Promise<FileCheck[]> {
  const { files, refused } = readTenantFolder(checks.folder);
  const results = await checkListener(app, checks);
  for (const { name, reason } of refused) results.push(failed(name, null, reason));
  if (files.length === 0) {
    const hint = "Name a folder with a configuration file for each tenant, such as acme.ini.";
    results.push(failed("", null, `${checks.folder} has no configuration file of a tenant`, hint));
  }
  const checked = mapOrdered(files, checkWidth, (file) => checkOne(app, file, checks));
  for await (const ofFile of checked) results.push(...ofFile);
  return results;
}

function failed(
  file: string,
  section: string | null,
  message: string,
  hint: string | null = null,
): FileCheck {
  return { file, section, ok: false, message, hint, warnings: [] };
}

/** An error as results: one for each finding that keeps the file from being used. */
function failures(file: string, error: unknown): FileCheck[] {
  if (!(error instanceof AgentError)) throw error;
  const findings = error instanceof ConfigError ? error.findings : [];
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return [failed(file, null, error.message, error.hint)];
  return errors.map((finding) => {
    const message = formatFinding({ ...finding, hint: undefined });
    return failed(file, finding.section ?? null, message, finding.hint);
  });
}

async function checkListener(
  app: AppContext,
  { folder, isFileOnly }: TenantChecks,
): Promise<FileCheck[]> {
  const ini = join(folder, listenerFile);
  if (!existsSync(ini)) return [];
  try {
    const { serve } = await loadListenerSettings(
      { ...app, ini, iniPlaces: undefined },
      isFileOnly ? "pending" : "fetched",
    );
    checkCertificate(readCertificate(serve));
  } catch (error) {
    return failures(listenerFile, error);
  }
  const message = "is valid";
  return [{ file: listenerFile, section: "serve", ok: true, message, hint: null, warnings: [] }];
}

/** @throws {ConfigError} when a server cannot use it. */
function checkCertificate(tls: ReturnType<typeof readCertificate>): void {
  if (tls === undefined) return;
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new ConfigError(`cert or key of [serve] is not usable (${errorCode(error)})`, [], {
      hint: "Give the certificate and its unencrypted private key as PEM text.",
      cause: error,
    });
  }
}

async function checkOne(
  app: AppContext,
  file: TenantFile,
  { stateFolder, host, isFileOnly }: TenantChecks,
): Promise<FileCheck[]> {
  const name = `${file.tenant}.ini`;
  const log = tenantLog(app.log, file.tenant);
  const own = tenantContext({ ...app, log }, file, stateFolder);
  async function check(config: Config): Promise<CheckResult[]> {
    checkTenant(config, log, host);
    return await (isFileOnly ? checkLoaded : checkSections)(own, config, "all");
  }
  try {
    const results = isFileOnly ? await check(loadConfig(own)) : await withConfig(own, "all", check);
    return results.map((result) => ({ file: name, ...result }));
  } catch (error) {
    return failures(name, error);
  }
}
