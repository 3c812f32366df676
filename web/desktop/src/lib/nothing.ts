// What the SDKs ask for and every browser that we build for has.
export {};
