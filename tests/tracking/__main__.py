import sys, time
from tests.tracking.scene import crossing
from tests.tracking.figures import tracking_figures, TrackingFigures
from tests.tracking.peers import contenders
n=int(sys.argv[1]) if len(sys.argv)>1 else 20
for fps in (25.,15.,5.):
    for name,make in contenders().items():
        if "Kirdi" not in name: continue
        tot=TrackingFigures(); t=time.time()
        for seed in range(n):
            shots=crossing(seed,fps)
            tr=make(fps)
            tot+=tracking_figures([[ (s.person,i) for s,i in zip(shot.sightings,tr.update([s.face for s in shot.sightings],shot.at))] for shot in shots])
        print(f"{fps:4.0f} {name:18s} IDF1 {tot.idf1:.3f} sw {tot.switches:4d} br {tot.breaks:4d} mixed {tot.mixed:3d} faces {tot.faces} {time.time()-t:.1f}s")
