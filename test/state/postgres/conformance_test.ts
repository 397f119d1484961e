/**
 * The conformance suite of the state, with PostgreSQL.
 *
 * @module
 */
import { testState } from "../conformance/mod.ts";
import { openNewTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer();

const open = () => openNewTenant(pg);
testState(open);
