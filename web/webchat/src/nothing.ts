// What the SDK asks for and every browser of today has.
export {};
