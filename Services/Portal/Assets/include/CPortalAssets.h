#include <stddef.h>

// Files that the portal carries inside its binary, so that it needs no folder of its own at run time.
enum PortalAsset {
  PortalAssetEnglish, PortalAssetRussian, PortalAssetUkrainian, PortalAssetKazakh, PortalAssetUzbek,
  PortalAssetStyle, PortalAssetCopyScript,
};

struct PortalAssetBytes {
  const unsigned char *_Nullable start;
  size_t count;
};

struct PortalAssetBytes portal_asset(enum PortalAsset asset);
