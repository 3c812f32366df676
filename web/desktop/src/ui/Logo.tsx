/** A plug that meets its socket. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1f304c" />
      <path d="M8 11.5h5.2a4.5 4.5 0 0 1 0 9H8z" fill="#fff" />
      <path d="M5 13.6h3v1.7H5zm0 3.1h3v1.7H5z" fill="#9fb4d6" />
      <path d="M17.7 16h3.1" stroke="#2bb673" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="24" cy="16" r="3.2" fill="none" stroke="#2bb673" strokeWidth="2.4" />
    </svg>
  );
}
