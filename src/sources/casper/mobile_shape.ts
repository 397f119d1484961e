/**
 * A mobile device of the Jamf Pro API ("Return paginated Mobile Device Inventory records") in the shape
 * of the Classic API.
 *
 * @module
 */

import { ownEntry, type SourceRecord } from "../../sdk/mod.ts";
import { findAttributes } from "./lists.ts";
import { leadsSomewhere, type Table, translateSection } from "./translate.ts";
import { at, momentForms, objectsAt } from "./values.ts";

const table: Table = {
  general: {
    udid: "general.udid",
    name: "general.displayName",
    device_name: "general.displayName",
    display_name: "general.displayName",
    asset_tag: "general.assetTag",
    ip_address: "general.ipAddress",
    managed: "general.managed",
    supervised: "general.supervised",
    os_type: "deviceType",
    os_version: "general.osVersion",
    os_build: "general.osBuild",
    device_ownership_level: "general.deviceOwnershipType",
    cloud_backup_enabled: "general.cloudBackupEnabled",
    device_locator_service_enabled: "general.deviceLocatorServiceEnabled",
    do_not_disturb_enabled: "general.doNotDisturbEnabled",
    itunes_store_account_is_active: "general.itunesStoreAccountActive",
    exchange_device_id: "general.exchangeDeviceId",
    tethered: "general.tethered",
    airplay_password: "general.airPlayPassword",
    locales: "general.locales",
    languages: "general.languages",
    serial_number: "hardware.serialNumber",
    wifi_mac_address: "hardware.wifiMacAddress",
    bluetooth_mac_address: "hardware.bluetoothMacAddress",
    modem_firmware: "hardware.modemFirmwareVersion",
    model: "hardware.model",
    model_display: "hardware.model",
    modelDisplay: "hardware.model",
    model_identifier: "hardware.modelIdentifier",
    model_number: "hardware.modelNumber",
    device_id: "hardware.deviceId",
    capacity: "hardware.capacityMb",
    capacity_mb: "hardware.capacityMb",
    available: "hardware.availableSpaceMb",
    available_mb: "hardware.availableSpaceMb",
    percentage_used: "hardware.usedSpacePercentage",
    battery_level: "hardware.batteryLevel",
    phone_number: "network.phoneNumber",
  },
  location: {
    username: "userAndLocation.username",
    realname: "userAndLocation.realName",
    real_name: "userAndLocation.realName",
    email_address: "userAndLocation.emailAddress",
    position: "userAndLocation.position",
    phone: "userAndLocation.phoneNumber",
    phone_number: "userAndLocation.phoneNumber",
    department: "userAndLocation.department",
    building: "userAndLocation.building",
    room: "userAndLocation.room",
  },
  purchasing: {
    is_purchased: "purchasing.purchased",
    is_leased: "purchasing.leased",
    po_number: "purchasing.poNumber",
    vendor: "purchasing.vendor",
    applecare_id: "purchasing.appleCareId",
    purchase_price: "purchasing.purchasePrice",
    purchasing_account: "purchasing.purchasingAccount",
    purchasing_contact: "purchasing.purchasingContact",
    life_expectancy: "purchasing.lifeExpectancy",
  },
  network: {
    cellular_technology: "network.cellularTechnology",
    voice_roaming_enabled: "network.voiceRoamingEnabled",
    imei: "network.imei",
    iccid: "network.iccid",
    meid: "network.meid",
    eid: "network.eid",
    carrier_settings_version: "network.carrierSettingsVersion",
    current_carrier_network: "network.currentCarrierNetwork",
    current_mobile_country_code: "network.currentMobileCountryCode",
    current_mobile_network_code: "network.currentMobileNetworkCode",
    home_carrier_network: "network.homeCarrierNetwork",
    home_mobile_country_code: "network.homeMobileCountryCode",
    home_mobile_network_code: "network.homeMobileNetworkCode",
    data_roaming_enabled: "network.dataRoamingEnabled",
    roaming: "network.roaming",
    phone_number: "network.phoneNumber",
  },
  security: {
    data_protection: "security.dataProtected",
    block_level_encryption_capable: "security.blockLevelEncryptionCapable",
    file_level_encryption_capable: "security.fileLevelEncryptionCapable",
    passcode_present: "security.passcodePresent",
    passcode_compliant: "security.passcodeCompliant",
    passcode_compliant_with_profile: "security.passcodeCompliantWithProfile",
    hardware_encryption: "security.hardwareEncryption",
    activation_lock_enabled: "security.activationLockEnabled",
    jailbreak_detected: "security.jailBreakDetected",
    lost_mode_enabled: "security.lostModeEnabled",
  },
};

const moments: Table = {
  general: {
    last_inventory_update: "general.lastInventoryUpdateDate",
    last_backup_time: "general.lastBackupDate",
    last_cloud_backup_date: "general.lastCloudBackupDate",
    last_enrollment: "general.lastEnrolledDate",
    mdm_profile_expiration: "general.mdmProfileExpirationDate",
  },
  purchasing: {
    po_date: "purchasing.poDate",
    warranty_expires: "purchasing.warrantyExpiresDate",
    lease_expires: "purchasing.leaseExpiresDate",
  },
};

const attributeTypes: Readonly<Record<string, string>> = {
  STRING: "String",
  INTEGER: "Number",
  DATE: "Date",
};

function toAttributes(device: SourceRecord): SourceRecord[] {
  return findAttributes(device).map((attribute) => ({
    id: Number(at(attribute, "id")),
    name: at(attribute, "name"),
    type: ownEntry(attributeTypes, String(attribute.type)) ?? "String",
    value: Array.isArray(attribute.value) ? attribute.value.join(",") : "",
  }));
}

function toApplication(application: SourceRecord): SourceRecord {
  return {
    application_name: at(application, "name"),
    application_version: at(application, "version"),
    application_short_version: at(application, "shortVersion"),
    identifier: at(application, "identifier"),
  };
}

function toCertificate(certificate: SourceRecord): SourceRecord {
  const expires = momentForms("expires", at(certificate, "expirationDate"));
  return {
    common_name: at(certificate, "commonName"),
    identity: at(certificate, "identity"),
    expires_utc: expires.expires_utc,
    expires_epoch: expires.expires_epoch,
  };
}

function toProfile(profile: SourceRecord): SourceRecord {
  return {
    display_name: at(profile, "displayName"),
    version: at(profile, "version"),
    identifier: at(profile, "identifier"),
    uuid: at(profile, "uuid"),
  };
}

/** Translates one mobile device. */
export function toClassicDevice(device: SourceRecord): SourceRecord {
  const translate = (name: string) => translateSection(device, name, { table, moments });
  return {
    general: { id: Number(device.mobileDeviceId), ...translate("general") },
    location: translate("location"),
    purchasing: translate("purchasing"),
    network: translate("network"),
    security: translate("security"),
    applications: objectsAt(device, "applications").map(toApplication),
    certificates: objectsAt(device, "certificates").map(toCertificate),
    configuration_profiles: objectsAt(device, "profiles").map(toProfile),
    provisioning_profiles: objectsAt(device, "provisioningProfiles").map(toProfile),
    mobile_device_groups: objectsAt(device, "groups").map((group) => ({
      id: Number(at(group, "groupId")),
      name: at(group, "groupName"),
    })),
    extension_attributes: toAttributes(device),
  };
}

const blank = toClassicDevice({});

/** Whether a Classic path of a mobile device leads to something that the Jamf Pro API returns as well. */
export function isReturnedOfDevice(path: string): boolean {
  return leadsSomewhere(blank, path);
}
