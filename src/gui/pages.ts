/**
 * The pages of the GUI, in the order of the navigation and of the tabs.
 *
 * @module
 */
import type { Page } from "./context.ts";
import { convertersPage } from "./pages/converters.tsx";
import { filterPage } from "./pages/filter.tsx";
import { discoverPage } from "./pages/discover.tsx";
import { failedPage } from "./pages/failed.tsx";
import { historyPage } from "./pages/history.tsx";
import { logsPage } from "./pages/logs.tsx";
import { mappingsPage } from "./pages/mappings.tsx";
import { overviewPage } from "./pages/overview.tsx";
import { planPage } from "./pages/plan.tsx";
import { previewPage } from "./pages/preview.tsx";
import { runPage } from "./pages/run.tsx";
import { runsPage } from "./pages/runs.tsx";
import { schedulePage } from "./pages/schedule.tsx";
import { sectionPage } from "./pages/section.tsx";
import { secretsPage } from "./pages/secrets.tsx";
import { servicePage } from "./pages/service.tsx";
import { sectionListPage } from "./pages/section_list.tsx";
import { setupPage } from "./pages/setup.tsx";
import { setupMappingPage } from "./pages/setup_mapping.tsx";
import { setupSchedulePage } from "./pages/setup_schedule.tsx";
import { setupSourcePage } from "./pages/setup_source.tsx";
import { takeoverPage } from "./pages/takeover.tsx";
import { upgradePage } from "./pages/upgrade.tsx";

/** Every page; a new one is a file under `pages/` and a line here. */
export const pages: readonly Page[] = [
  overviewPage,
  runPage,
  runsPage,
  failedPage,
  logsPage,
  schedulePage,
  convertersPage,
  secretsPage,
  servicePage,
  upgradePage,
  sectionPage,
  discoverPage,
  mappingsPage,
  filterPage,
  previewPage,
  planPage,
  historyPage,
  sectionListPage,
  setupPage,
  setupSourcePage,
  setupMappingPage,
  setupSchedulePage,
  takeoverPage,
];
