/**
 * The files of the images that a sandbox process begins with (see `image.ts`), which are in the
 * program; `scripts/sandbox_images.ts` makes them.
 *
 * @module
 */

import javascript from "./guest/javascript.image" with { type: "file" };
import python from "./guest/python.image" with { type: "file" };

/** Path of the image for JavaScript alone. */
export const javascriptImage: string = javascript;
/** Path of the image for Python, and for JavaScript beside it. */
export const pythonImage: string = python;
