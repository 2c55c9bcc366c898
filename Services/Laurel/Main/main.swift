LaurelProgram.run()
