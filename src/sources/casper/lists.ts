/**
 * The lists in a computer of the Jamf Pro API, in the shape of the Classic API.
 *
 * @module
 */

import { isObject, ownEntry, type SourceRecord } from "../../sdk/mod.ts";
import { at, momentForms, objectsAt } from "./values.ts";

const attributeTypes: Readonly<Record<string, string>> = {
  STRING: "String",
  INTEGER: "Number",
  DATE_TIME: "Date",
};

/** The extension attributes of a device: every section has its own; the Classic API has one list. */
export function findAttributes(device: SourceRecord): SourceRecord[] {
  const parts = [device, ...Object.values(device).filter(isObject)];
  return parts.flatMap((part) => objectsAt(part, "extensionAttributes"));
}

function extensionAttributes(computer: SourceRecord): SourceRecord[] {
  return findAttributes(computer).map(({ definitionId, name, dataType, multiValue, values }) => ({
    id: Number(definitionId),
    name,
    type: ownEntry(attributeTypes, String(dataType)) ?? "String",
    multi_value: multiValue ?? false,
    value: Array.isArray(values) ? values.join(",") : "",
  }));
}

/** States of a partition whose words in the Classic API are others. */
const encryptionStates: Readonly<Record<string, string>> = {
  UNENCRYPTED: "Not Encrypted",
  DECRYPTED: "Not Encrypted",
};

/** `ENCRYPTED` as `Encrypted`. */
function toEncryptionState(state: unknown): string {
  const name = String(state);
  const words = name.replaceAll("_", " ").toLowerCase();
  return ownEntry(encryptionStates, name) ?? words.replace(/(^| )[a-z]/g, (c) => c.toUpperCase());
}

/** The accounts that may unlock the disk, from the section DISK_ENCRYPTION. */
export function listUnlockers(computer: SourceRecord): string[] {
  const names = at(computer, "diskEncryption.fileVault2EnabledUserNames");
  return Array.isArray(names) ? names.map(String) : [];
}

/** The encryption of the boot partition: from DISK_ENCRYPTION, where it is known at all. */
function toEncryption(details: unknown, partition: SourceRecord): SourceRecord {
  const state = at(details, "partitionFileVault2State") || at(partition, "fileVault2State");
  const percent = at(details, "partitionFileVault2Percent");
  const progress = percent === "" ? at(partition, "fileVault2ProgressPercent") : percent;
  const status = state === "" ? "" : toEncryptionState(state);
  return {
    filevault_status: status,
    filevault_percent: progress,
    filevault2_status: status,
    filevault2_percent: progress,
  };
}

function toPartition(partition: SourceRecord, details: unknown): SourceRecord {
  const isMeant = at(details, "partitionName") === at(partition, "name");
  return {
    ...toEncryption(isMeant ? details : undefined, partition),
    name: at(partition, "name"),
    size: at(partition, "sizeMegabytes"),
    type: String(at(partition, "partitionType")).toLowerCase(),
    partition_capacity_mb: at(partition, "sizeMegabytes"),
    percentage_full: at(partition, "percentUsed"),
    available_mb: at(partition, "availableMegabytes"),
  };
}

/** Disks. Newer servers list `partitions`, older ones had one `partition`: here are both. */
export function toStorage(computer: SourceRecord): SourceRecord[] {
  const details = at(computer, "diskEncryption.bootPartitionEncryptionDetails");
  return objectsAt(computer, "storage.disks").map((disk) => {
    const partitions = objectsAt(disk, "partitions").map((one) => toPartition(one, details));
    const boot = partitions.find(({ type }) => type === "boot") ?? partitions[0];
    return {
      disk: at(disk, "device"),
      model: at(disk, "model"),
      revision: at(disk, "revision"),
      serial_number: at(disk, "serialNumber"),
      size: at(disk, "sizeMegabytes"),
      drive_capacity_mb: at(disk, "sizeMegabytes"),
      connection_type: at(disk, "type"),
      smart_status: at(disk, "smartStatus"),
      partitions,
      ...(boot === undefined ? {} : { partition: boot }),
    };
  });
}

/** The site; -1 and None where there is none, as the Classic API has it. */
export function toSite(computer: SourceRecord): SourceRecord {
  const id = Number(at(computer, "general.site.id") || -1);
  return { id, name: at(computer, "general.site.name") || "None" };
}

function toAccount(account: SourceRecord, unlockers: readonly string[]): SourceRecord {
  return {
    name: at(account, "username"),
    realname: at(account, "fullName"),
    uid: at(account, "uid"),
    home: at(account, "homeDirectory"),
    home_size_mb: at(account, "homeDirectorySizeMb"),
    administrator: at(account, "admin"),
    filevault_enabled: unlockers.includes(String(account.username)) ||
      at(account, "fileVault2Enabled"),
  };
}

function toCertificate(certificate: SourceRecord): SourceRecord {
  const expires = momentForms("expires", at(certificate, "expirationDate"));
  return {
    common_name: at(certificate, "commonName"),
    identity: at(certificate, "identity"),
    expires_utc: expires.expires_utc,
    expires_epoch: expires.expires_epoch,
    name: at(certificate, "subjectName"),
  };
}

function toProfile(profile: SourceRecord): SourceRecord {
  return {
    id: Number(at(profile, "id")),
    name: at(profile, "displayName"),
    uuid: at(profile, "profileIdentifier"),
    is_removable: at(profile, "removable"),
  };
}

/** The parts of the Classic shape that are lists. */
export function toLists(computer: SourceRecord): SourceRecord {
  return {
    software: {
      applications: objectsAt(computer, "applications").map((application) => ({
        name: at(application, "name"),
        path: at(application, "path"),
        version: at(application, "version"),
      })),
    },
    extension_attributes: extensionAttributes(computer),
    groups_accounts: {
      computer_group_memberships: objectsAt(computer, "groupMemberships").map((group) =>
        at(group, "groupName")
      ),
      local_accounts: objectsAt(computer, "localUserAccounts").map((account) =>
        toAccount(account, listUnlockers(computer))
      ),
    },
    certificates: objectsAt(computer, "certificates").map(toCertificate),
    configuration_profiles: objectsAt(computer, "configurationProfiles").map(toProfile),
  };
}
