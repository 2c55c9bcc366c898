#include <stddef.h>

// Files that are embedded in the portal's binary, so that it needs no folder of its own at run time.
enum PortalAsset {
  PortalAssetEnglish, PortalAssetRussian, PortalAssetUkrainian, PortalAssetKazakh, PortalAssetUzbek,
  PortalAssetStyle, PortalAssetCopyScript,
};

struct PortalAssetBytes {
  const unsigned char *_Nullable start;
  size_t count;
};

struct PortalAssetBytes portal_asset(enum PortalAsset asset);
