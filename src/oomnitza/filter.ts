/**
 * Conditions in the filter language of Oomnitza's API v3, as far as its documentation shows it.
 *
 * @module
 */

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Records whose field has a value: `(serial_number eq 'C02X')`. */
export function equals(field: string, value: string): string {
  return `(${field} eq ${quote(value)})`;
}
