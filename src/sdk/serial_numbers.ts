/**
 * What manufacturers write instead of a serial number. Many devices have the same of these, so that all of
 * them would become one asset.
 *
 * @module
 */

/**
 * From the lists that inventories keep: `blacklist_serials` of OCS Inventory NG, the blacklist of the
 * GLPI Inventory plugin, and what dmidecode(8) prints for SMBIOS strings that nobody filled in.
 */
const placeholders: readonly string[] = [
  ...["n/a", "na", "none", "null", "(null)", "(null string)", "nil", "empty", "blank", "undefined"],
  ...["unknown", "unknow", "invalid", "not", "oem", "o.e.m.", "eval", "iatpass", "tulip computers"],
  ...["default", "default string", "not specified", "not applicable", "not available", "not set"],
  ...["no serial", "no serial number", "serial", "serial number", "serialnumber", "oem_serial"],
  ...["system serial number", "systemserialnumb", "systemserialnumber", "product serial number"],
  ...["chassis serial number", "base board serial number", "baseboard serial number"],
  ...["sys-1234567890", "sys-9876543210", "mb-1234567890", "sn-12345", "sn-1234567890"],
  ...["sn-123456fvgv3i0b8o5n6n7k", "bsn12345678901234567", "ssn12345678901234567"],
  ...["csn12345678901234567", "bss-0123456789", "0123456789abcdef"],
  ...["1234567", "12345678", "123456789", "1234567890", "0123456789", "123456789000"],
  ...["12345678901234567", "9876543210"],
];

/** "Serial Number xxxxxx"; one character over and over; one or a few of the signs that fill a field. */
const repeated = /serial number x+|(\S)\1{4,}|0+|x+|\.+|-+|\*+|_+|\?+|\$+|#+/;

/** "To Be Filled By O.E.M.", also "… by More String"; "Filled by OEM". */
const beginnings = /to be filled\b|fill(?:ed)? by o\.?e\.?m/;

// One expression, since every record of every source with serial numbers is tested: the set and five
// expressions over a normalised copy of the text took seven times as long.
const placeholder = new RegExp(
  `^\\s*(?:(?:${
    placeholders.map(RegExp.escape).join("|")
  }|${repeated.source})\\s*$|${beginnings.source})`
    .replaceAll(/ |\\x20/g, "\\s+"),
  "i",
);

/** Whether a text is what manufacturers write instead of a serial number, whatever its case and its blanks. */
export function isPlaceholderSerial(text: string): boolean {
  return placeholder.test(text);
}

/** Names of columns and attributes that hold a serial number, where the source does not know its fields. */
const serialNames = /^(serial([\s_-]?(number|num|no|nr))?\.?|s\/?n)$/i;

/** Whether a column is by its name one of serial numbers. */
export function isSerialName(path: string): boolean {
  return serialNames.test(path.trim());
}
