# A chip of this kernel's own gpio-sim.
/sim /tellegen /out
code sim $?
