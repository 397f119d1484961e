/**
 * The fields that Jamf Pro's Classic API gives for computers and for mobile devices.
 *
 * @module
 */

/** Section → keys, separated by blanks. */
type Lists = Readonly<Record<string, string>>;

const computers: Lists = {
  general:
    "alt_mac_address asset_tag barcode_1 barcode_2 distribution_point id initial_entry_date " +
    "initial_entry_date_epoch initial_entry_date_utc ip_address jamf_version " +
    "last_cloud_backup_date_epoch last_cloud_backup_date_utc last_contact_time " +
    "last_contact_time_epoch last_contact_time_utc mac_address mdm_capable name " +
    "netboot_server platform report_date report_date_epoch report_date_utc serial_number " +
    "sus udid",
  hardware: "active_directory_status available_ram_slots battery_capacity boot_rom bus_speed " +
    "bus_speed_mhz cache_size cache_size_kb make model model_identifier nic_speed " +
    "number_processors optical_drive os_build os_name os_version processor_architecture " +
    "processor_speed processor_speed_mhz processor_type service_pack smc_version total_ram " +
    "total_ram_mb",
  location: "building department email_address phone position real_name room username",
  purchasing: "applecare_id is_leased is_purchased lease_expires lease_expires_epoch " +
    "lease_expires_utc life_expectancy os_applecare_id os_maintence_expires po_date " +
    "po_date_epoch po_date_utc po_number purchase_price purchasing_account " +
    "purchasing_contact vendor warranty_expires warranty_expires_epoch warranty_expires_utc",
};

const mobileDevices: Lists = {
  general:
    "airplay_password asset_tag available available_mb battery_level bluetooth_mac_address " +
    "capacity capacity_mb cloud_backup_enabled device_id device_name device_ownership_level " +
    "display_name do_not_disturb_enabled id initial_entry_date_epoch initial_entry_date_utc " +
    "ip_address itunes_store_account_is_active last_backup_time_epoch last_backup_time_utc " +
    "last_cloud_backup_date_epoch last_cloud_backup_date_utc last_inventory_update " +
    "last_inventory_update_epoch last_inventory_update_utc locales managed model " +
    "model_display model_identifier modelDisplay modem_firmware name os_build os_type " +
    "os_version percentage_used phone_number serial_number supervised tethered udid " +
    "wifi_mac_address",
  location: "building department email_address phone position real_name room username",
  network: "carrier_settings_version cellular_technology current_carrier_network " +
    "current_mobile_country_code current_mobile_network_code data_roaming_enabled " +
    "home_carrier_network home_mobile_country_code home_mobile_network_code iccid imei " +
    "roaming voice_roaming_enabled",
  security: "block_level_encryption_capable data_protection file_level_encryption_capable " +
    "passcode_compliant passcode_compliant_with_profile passcode_present",
  purchasing: "applecare_id is_leased is_purchased lease_expires lease_expires_epoch " +
    "lease_expires_utc life_expectancy po_date po_date_epoch po_date_utc po_number " +
    "purchase_price purchasing_account purchasing_contact vendor warranty_expires " +
    "warranty_expires_epoch warranty_expires_utc",
};

function listPaths(lists: Lists): string[] {
  return Object.entries(lists).flatMap(([section, keys]) =>
    keys.split(" ").map((key) => `${section}.${key}`)
  );
}

/** Source path → for which kind of device it is there. */
function fieldTable(): Record<string, string> {
  const ofComputers = new Set(listPaths(computers));
  const ofDevices = new Set(listPaths(mobileDevices));
  const table: Record<string, string> = {};
  for (const path of new Set([...ofComputers, ...ofDevices])) {
    const both = ofComputers.has(path) && ofDevices.has(path);
    table[path] = both
      ? "computers and mobile devices"
      : ofComputers.has(path)
      ? "computers"
      : "mobile devices";
  }
  return table;
}

/** The fields that are known; any other path of the answer can be mapped as well. */
export const fields: Readonly<Record<string, string>> = {
  ...fieldTable(),
  "software.applications": "computers: a list of name, path and version",
  "extension_attributes":
    "computers and mobile devices: see the converter casper_extension_attribute",
};
