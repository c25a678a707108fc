/** The package's version, as in package.json; files that only this version can read carry it. */
export const VERSION = '0.1.0';
