#include "CPortalAssets.h"

// #embed comes from C23. Clang accepts it in every mode and lists the files as dependencies, so a changed file is rebuilt. SwiftPM's own
// `.embedInCode` creates Swift array literals, which would take 40 s to compile for these files.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char english[] = {
#embed "languages/en.strings"
};
static const unsigned char russian[] = {
#embed "languages/ru.strings"
};
static const unsigned char ukrainian[] = {
#embed "languages/uk.strings"
};
static const unsigned char kazakh[] = {
#embed "languages/kk.strings"
};
static const unsigned char uzbek[] = {
#embed "languages/uz.strings"
};
static const unsigned char style[] = {
#embed "style.css"
};
static const unsigned char copyScript[] = {
#embed "copy.js"
};

#define BYTES(array) ((struct PortalAssetBytes){array, sizeof array})

struct PortalAssetBytes portal_asset(enum PortalAsset asset) {
  switch (asset) {
  case PortalAssetEnglish: return BYTES(english);
  case PortalAssetRussian: return BYTES(russian);
  case PortalAssetUkrainian: return BYTES(ukrainian);
  case PortalAssetKazakh: return BYTES(kazakh);
  case PortalAssetUzbek: return BYTES(uzbek);
  case PortalAssetStyle: return BYTES(style);
  case PortalAssetCopyScript: return BYTES(copyScript);
  }
  return (struct PortalAssetBytes){NULL, 0};
}
