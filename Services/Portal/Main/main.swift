import Portal

PortalService.run()
