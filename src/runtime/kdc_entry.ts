/**
 * What the process that asks a KDC starts with when the program runs from its sources.
 *
 * @module
 */

import { runKerberosChild } from "./kdc_process.ts";

runKerberosChild();
