import LaurelCommand

LaurelProgram.run()
