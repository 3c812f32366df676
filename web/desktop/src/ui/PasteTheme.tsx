import { StylingGlobals, ThemeProvider } from '@twilio-paste/core/styling-library';
import { Box } from '@twilio-paste/core/box';
import { DefaultTheme, pasteGlobalStyles } from '@twilio-paste/core/theme';
import type { ReactNode } from 'react';

const globalStyles = pasteGlobalStyles({ theme: DefaultTheme });

/**
 * Paste's Theme.Provider without its web fonts: those come from a host outside,
 * and a desktop that you run yourself asks nobody else for anything. The theme
 * falls back to the fonts of the system.
 */
export function PasteTheme({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider theme={DefaultTheme}>
      <StylingGlobals styles={globalStyles} />
      <Box
        height="100%"
        color="colorText"
        fontFamily="fontFamilyText"
        fontSize="fontSize30"
        lineHeight="lineHeight30"
      >
        {children}
      </Box>
    </ThemeProvider>
  );
}
