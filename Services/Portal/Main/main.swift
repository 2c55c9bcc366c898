import PortalServer

PortalService.run()
